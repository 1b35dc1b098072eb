const INDENT = "  ";
const GAP = "  ";
const CUT = "…";
const LEAST_FLEXIBLE = 6;
/** Rather than cut a text to less than this, a column is left out. */
const READABLE = 12;

export interface Column {
  readonly title: string;
  /** Numbers read best when they stand on the right. */
  readonly align?: "left" | "right";
  /** Where room is short, columns with a number here are left out, the lowest first. */
  readonly dropAs?: number;
  /** Where room is still short, the texts of these are cut, down to six characters. */
  readonly flexible?: true;
}

export interface Cell {
  readonly text: string;
  /** Adds what takes no room on the screen, such as colour. */
  readonly paint?: (text: string) => string;
}

interface Fitted {
  readonly index: number;
  readonly column: Column;
  readonly width: number;
}

/** A table of one line for the titles and one for each row, no line wider than `width` if the columns can be made to fit. */
export function fittedTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  { width, title }: { readonly width: number; readonly title: (text: string) => string },
): readonly string[] {
  const natural = columns.map((column, index) => ({
    index,
    column,
    width: Math.max(column.title.length, ...rows.map((row) => row[index]?.text.length ?? 0)),
  }));
  const fitted = shortened(withoutLeast(natural, width), width);
  const line = (cells: readonly Cell[]): string =>
    INDENT +
    fitted
      .map(({ column, ...each }, at) => laid(cells[each.index], column, each.width, at === fitted.length - 1))
      .join(GAP);
  return [columns.map((column) => ({ text: column.title, paint: title })), ...rows].map(line);
}

/** Drops columns until the rest has room, or can be made to by cutting texts that stay readable. */
function withoutLeast(columns: readonly Fitted[], width: number): readonly Fitted[] {
  let rest = columns;
  const droppable = columns
    .filter(({ column }) => column.dropAs !== undefined)
    .sort((a, b) => (a.column.dropAs ?? 0) - (b.column.dropAs ?? 0));
  for (const least of droppable) {
    if (widthOf(rest.map(halved)) <= width) return rest;
    rest = rest.filter((each) => each !== least);
  }
  return rest;
}

/** Takes character by character from the widest of the flexible columns. */
function shortened(columns: readonly Fitted[], width: number): readonly Fitted[] {
  let rest = columns;
  for (let excess = widthOf(columns) - width; excess > 0; excess--) {
    const widest = rest
      .filter((each) => each.column.flexible === true && each.width > LEAST_FLEXIBLE)
      .reduce<Fitted | undefined>(
        (most, each) => (most === undefined || each.width > most.width ? each : most),
        undefined,
      );
    if (widest === undefined) return rest;
    rest = rest.map((each) => (each === widest ? { ...each, width: each.width - 1 } : each));
  }
  return rest;
}

function halved(each: Fitted): Fitted {
  if (each.column.flexible !== true) return each;
  return { ...each, width: Math.min(each.width, Math.max(READABLE, Math.ceil(each.width / 2))) };
}

function widthOf(columns: readonly Fitted[]): number {
  return INDENT.length + columns.reduce((total, { width }) => total + width, 0) + GAP.length * (columns.length - 1);
}

function laid(cell: Cell | undefined, column: Column, width: number, isLast: boolean): string {
  const whole = cell?.text ?? "";
  const text = whole.length > width ? whole.slice(0, width - CUT.length) + CUT : whole;
  const painted = cell?.paint === undefined || text === "" ? text : cell.paint(text);
  const room = " ".repeat(width - text.length);
  if (column.align === "right") return room + painted;
  return isLast ? painted : painted + room;
}
