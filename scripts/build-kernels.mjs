// Compiles each kernel of assembly/ twice, with and without SIMD, from one source:
// build/NAME.simd.wasm and build/NAME.scalar.wasm.
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const root = fileURLToPath(new URL('..', import.meta.url));
const KERNELS = [
  'impedance',
  'live',
  'iterative',
  'lock-in',
  'relaxation',
  'registration',
  'tomography',
  'volume',
];
/** 64 KiB pages; initial and maximum are equal so that views of the memory never detach. */
const MEMORY_PAGES = {
  impedance: 64,
  live: 4_096,
  iterative: 8_000,
  'lock-in': 2,
  relaxation: 96,
  registration: 52,
  tomography: 10_240,
  volume: 10_240,
};

mkdirSync(`${root}build`, { recursive: true });
const wanted = process.argv.slice(2);
for (const kernel of wanted.length > 0 ? wanted : KERNELS) {
  for (const target of ['simd', 'scalar']) {
    const { error, stderr } = await asc.main([
      `assembly/${kernel}/index.ts`,
      '--config',
      'asconfig.json',
      '--target',
      target,
      '--baseDir',
      root,
      '--outFile',
      `build/${kernel}.${target}.wasm`,
      '--initialMemory',
      String(MEMORY_PAGES[kernel]),
      '--maximumMemory',
      String(MEMORY_PAGES[kernel]),
    ]);
    if (error) {
      process.stderr.write(`${stderr.toString()}\nbuild of kernel ${kernel} (${target}) failed\n`);
      process.exit(1);
    }
  }
}
