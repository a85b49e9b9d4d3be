import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Fault } from '../domain/fault.ts';

export type KernelName =
  | 'impedance'
  | 'live'
  | 'iterative'
  | 'lock-in'
  | 'relaxation'
  | 'registration'
  | 'tomography'
  | 'volume';
export type KernelBuild = 'simd' | 'scalar';

/** The smallest module that uses a v128 instruction: it validates only where SIMD is there. */
const SIMD_PROBE = Uint8Array.from([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15,
  253, 98, 11,
]);

/** The build this machine can run: SIMD where the engine has it. */
export function preferredBuild(): KernelBuild {
  return WebAssembly.validate(SIMD_PROBE) ? 'simd' : 'scalar';
}

/** Compiles a kernel from the build folder. Share the module, make one instance per worker. */
export function loadKernelModule(name: KernelName, build = preferredBuild()): WebAssembly.Module {
  const path = join(packageFolder(), 'build', `${name}.${build}.wasm`);
  if (!existsSync(path)) {
    throw new Fault('fileMissing', {
      where: path,
      message: 'the kernel is not built; run "npm run build"',
    });
  }
  return new WebAssembly.Module(readFileSync(path));
}

/** Instantiates a kernel; its one import, `abort`, becomes a Fault with the source position. */
export function instantiateKernel(module: WebAssembly.Module): WebAssembly.Exports {
  const abort = (_message: number, _file: number, line: number, column: number): never => {
    throw new Fault('analysis', {
      where: `kernel source line ${line}, column ${column}`,
      message: 'an assertion failed inside the kernel',
    });
  };
  return new WebAssembly.Instance(module, { env: { abort } }).exports;
}

/** The folder with package.json: the same from the TypeScript sources and from dist. */
function packageFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) {
      throw new Fault('fileMissing', {
        where: fileURLToPath(import.meta.url),
        message: 'no package.json in any folder above',
      });
    }
    folder = parent;
  }
  return folder;
}
