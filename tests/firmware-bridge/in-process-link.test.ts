import { describe, expect, it } from 'vitest';
import { createLinkPair } from '../../firmware-bridge/in-process-link.ts';

const never = new AbortController().signal;

async function openPair() {
  const [near, far] = createLinkPair('wire');
  await near.open(never);
  await far.open(never);
  const heard: number[] = [];
  far.onData((bytes) => {
    for (const byte of bytes) heard.push(byte);
  });
  return { near, far, heard };
}

describe('a link inside the process', () => {
  it('delivers in order, later and not at once, and copies', async () => {
    const { near, heard } = await openPair();
    const bytes = Uint8Array.of(1, 2);
    near.write(bytes);
    near.write(Uint8Array.of(3));
    bytes[0] = 9;
    expect(heard).toEqual([]);
    await Promise.resolve();
    expect(heard).toEqual([1, 2, 3]);
  });

  it('closes at both ends, telling each once whoever closed it', async () => {
    const { near, far } = await openPair();
    const reasons: string[] = [];
    near.onClose((reason) => reasons.push(`near ${reason}`));
    far.onClose((reason) => reasons.push(`far ${reason}`));
    await far.close();
    await near.close();
    expect(reasons).toEqual(['far closed by this end', 'near closed by the other end']);
    expect(near.isOpen).toBe(false);
  });

  it('refuses to write when closed and to open twice', async () => {
    const [near] = createLinkPair('wire');
    expect(() => near.write(Uint8Array.of(1))).toThrow('wire (near end): it is closed');
    await near.open(never);
    await expect(near.open(never)).rejects.toMatchObject({ code: 'instrumentLost' });
  });

  it('loses bytes nobody listens for, also those still under way when it closes', async () => {
    const { near, far, heard } = await openPair();
    near.write(Uint8Array.of(1));
    await far.close();
    await far.open(never);
    await near.open(never);
    await Promise.resolve();
    near.write(Uint8Array.of(2));
    await Promise.resolve();
    expect(heard).toEqual([2]);
  });

  it('has a bound on what is under way', async () => {
    const { near } = await openPair();
    near.write(new Uint8Array(16 * 2 ** 20));
    expect(() => near.write(Uint8Array.of(1))).toThrow('wait for the other end');
  });

  it('does not open for a caller who has given up', async () => {
    const [near] = createLinkPair('wire');
    await expect(near.open(AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
    expect(near.isOpen).toBe(false);
  });
});
