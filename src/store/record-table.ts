import type { RecordBody, RecordKind } from '../domain/run-record.ts';
import type { Quality } from '../domain/sample.ts';
import type { Columns } from './columns.ts';
import type { Bindable, Row } from './sqlite-file.ts';

/** What a record of one kind holds. */
export type BodyOf<K extends RecordKind> = Extract<RecordBody, { readonly kind: K }>;

/** How one kind of record lies in its table, beside sequence, time_second and boot. */
export interface RecordTable<K extends RecordKind> {
  readonly table: string;
  readonly columns: Columns;
  /** Values in the order of `columns`. @throws Fault capacity */
  toRow(body: BodyOf<K>): readonly Bindable[];
  /** @throws Fault storage */
  fromRow(row: Row): BodyOf<K>;
}

/** Every word that a quality may be. */
export const QUALITIES = {
  good: true,
  overload: true,
  underload: true,
  late: true,
  stale: true,
  bad: true,
} as const satisfies Record<Quality, true>;
