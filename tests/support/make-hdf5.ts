import { File, type Group, ready } from 'h5wasm/node';

/** What to put at a path of an HDF5 file. */
export type Hdf5Content =
  | {
      readonly values: Uint8Array | Uint16Array | Int32Array | Float32Array | Float64Array;
      readonly shape: readonly number[];
      readonly units?: string;
    }
  | { readonly text: string }
  | { readonly linkFile: string; readonly linkPath: string }
  | { readonly softLink: string };

export interface Hdf5Plan {
  readonly contents: Readonly<Record<string, Hdf5Content>>;
  /** NX_class of groups. */
  readonly classes?: Readonly<Record<string, string>>;
}

/** Writes an HDF5 file with the given contents; groups are made on the way. */
export async function makeHdf5(file: string, plan: Hdf5Plan): Promise<void> {
  await ready;
  const hdf5 = new File(file, 'w');
  for (const [path, content] of Object.entries(plan.contents)) {
    const parts = path.split('/').filter((part) => part !== '');
    const name = parts.pop() ?? '';
    put(groupAt(hdf5, parts), name, content);
  }
  for (const [path, nxClass] of Object.entries(plan.classes ?? {})) {
    groupAt(
      hdf5,
      path.split('/').filter((part) => part !== ''),
    ).create_attribute('NX_class', nxClass);
  }
  hdf5.close();
}

function put(group: Group, name: string, content: Hdf5Content): void {
  if ('softLink' in content) {
    group.create_soft_link(content.softLink, name);
  } else if ('linkFile' in content) {
    group.create_external_link(content.linkFile, content.linkPath, name);
  } else if ('text' in content) {
    group.create_dataset({ name, data: content.text });
  } else {
    const dataset = group.create_dataset({ name, data: content.values, shape: [...content.shape] });
    if (content.units !== undefined) dataset.create_attribute('units', content.units);
  }
}

function groupAt(root: Group, names: readonly string[]): Group {
  let group = root;
  for (const name of names) {
    group = (group.keys().includes(name) ? group.get(name) : group.create_group(name)) as Group;
  }
  return group;
}
