import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeWithPty } from '../firmware-bridge/pty.ts';
import { operando, startOperando } from '../support/built.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const CELL = 'recipes/cells/li-li3ps4-li.yaml';

describeWithPty('a simulated instrument that was started from the command line', () => {
  it.each([
    ['nexus', 'a TCP port', () => ['--tcp', '0']],
    ['emstat-pico', 'a pseudo-terminal', () => ['--pty', join(temporaryFolder(), 'port')]],
  ])('%s behind %s is found by the doctor, and goes without a trace', async (name, _, place) => {
    const words = ['simulate', name, '--cell', CELL, ...place()];
    const simulated = startOperando(words);
    try {
      const [, port = ''] = await simulated.seen(/A SIMULATED .* answers at (\S+)\. Ctrl-C/);
      const doctor = await operando('doctor', '--port', port, '--json');
      expect(doctor.code, doctor.errors).toBe(0);
      expect(JSON.parse(doctor.output)).toMatchObject({
        protocol: 'MethodSCRIPT',
        driver: 'emstat',
      });
      simulated.child.kill('SIGINT');
      const { code, errors } = await simulated.ended;
      expect(code, errors).toBe(0);
      expect(errors).toContain('driver: emstat');
      if (!port.startsWith('tcp:')) expect(existsSync(port)).toBe(false);
      const gone = await operando('doctor', '--port', port);
      expect(gone.code).toBe(2);
    } finally {
      simulated.child.kill('SIGKILL');
    }
  });
});
