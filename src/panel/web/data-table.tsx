import { useState } from 'preact/hooks';

const ROWS_MAX = 25;

export interface DataTableProps {
  readonly label: string;
  readonly head: readonly string[];
  /** What the mouse does on the chart. */
  readonly hint?: string;
  /** Called when the table is open; newest row first. */
  readonly rows: (count: number) => readonly (readonly string[])[];
}

/** The numbers behind a chart, for those who read rather than look. Filled only while open. */
export function DataTable({ label, head, hint, rows }: DataTableProps) {
  const [open, setOpen] = useState(false);
  return (
    <details class="data-table" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        Table
        {hint && <span class="with-keyboard chart-hint">{hint}</span>}
      </summary>
      {open && (
        <div class="scroll">
          <table>
            <caption>
              {label}, newest {ROWS_MAX}
            </caption>
            <thead>
              <tr>
                {head.map((text) => (
                  <th key={text} scope="col">
                    {text}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows(ROWS_MAX).map((cells) => (
                <tr key={cells.join('|')}>
                  {cells.map((text, at) => (
                    <td key={head[at]}>{text}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}
