/** Aligned columns. On a narrow screen, columns are left out first and the widest flexible ones shortened; nothing wraps. */
import { fitTo, padTo, widthOf } from "./width.ts";
import type { ScreenWriter } from "./writer.ts";

export interface Column<T> {
  title: string;
  of: (row: T) => string;
  /** Colour of a cell, given its padded text. */
  paint?: (cell: string, row: T) => string;
  /** The width it may be shortened to. Absent: never shortened. */
  min?: number;
  /** Left out when there is no room, the highest number first. Absent: never left out. */
  spare?: number;
}

const GAP = "  ";
/** In columns. A cell that is never shortened may be longer than a narrow screen, such as an id. */
const LONGEST_CELL = 80;

/** Returns lines, the header first. Control characters and secrets in cells are removed. */
export function table<T>(
  all: readonly Column<T>[],
  rows: readonly T[],
  screen: { writer: Pick<ScreenWriter, "fit">; columns: number; dim: (text: string) => string },
): string[] {
  const { writer, columns: room } = screen;
  const most = Math.max(room, LONGEST_CELL);
  const measured = all.map((column) => {
    const cells = rows.map((row) => writer.fit(column.of(row), most));
    return { column, cells, width: Math.max(widthOf(column.title), ...cells.map((cell) => widthOf(cell))) };
  });
  const kept = leaveOut(measured, room);
  const columns = kept.map(({ column }) => column);
  const cells = rows.map((_, row) => kept.map((one) => one.cells[row] ?? ""));
  const widths = kept.map(({ width }) => width);
  shrink(columns, widths, room);
  const line = (texts: readonly string[], paint: (text: string, index: number) => string) =>
    texts
      .map((text, index) => {
        const width = widths[index] ?? 0;
        return paint(index === texts.length - 1 ? fitTo(text, width) : padTo(fitTo(text, width), width), index);
      })
      .join(GAP)
      .trimEnd();
  return [
    line(
      columns.map(({ title }) => title),
      (text) => screen.dim(text),
    ),
    ...rows.map((row, at) => line(cells[at] ?? [], (text, index) => columns[index]?.paint?.(text, row) ?? text)),
  ];
}

function leaveOut<M extends { column: { min?: number; spare?: number }; width: number }>(
  measured: readonly M[],
  room: number,
): readonly M[] {
  const least = measured.reduce((sum, { column: { min }, width }) => sum + Math.min(width, min ?? width), 0);
  if (least + GAP.length * (measured.length - 1) <= room) return measured;
  const spare = Math.max(0, ...measured.map(({ column }) => column.spare ?? 0));
  return spare === 0
    ? measured
    : leaveOut(
        measured.filter(({ column }) => column.spare !== spare),
        room,
      );
}

function shrink<T>(columns: readonly Column<T>[], widths: number[], room: number): void {
  let over = widths.reduce((sum, width) => sum + width, 0) + GAP.length * (widths.length - 1) - room;
  while (over > 0) {
    let widest = -1;
    columns.forEach(({ min }, index) => {
      const width = widths[index] ?? 0;
      if (min !== undefined && width > min && width > (widths[widest] ?? 0)) widest = index;
    });
    if (widest < 0) return;
    widths[widest] = (widths[widest] ?? 0) - 1;
    over -= 1;
  }
}

/** Returns lines of the form `name  value`, values aligned; entries without a value are left out. */
export function keyValueTable(
  entries: readonly (readonly [name: string, value: string | undefined])[],
  dim: (text: string) => string,
): string[] {
  const said = entries.filter((entry): entry is readonly [string, string] => Boolean(entry[1]));
  const width = Math.max(0, ...said.map(([name]) => name.length));
  return said.map(([name, value]) => `${dim(padTo(name, width))}${GAP}${value}`);
}
