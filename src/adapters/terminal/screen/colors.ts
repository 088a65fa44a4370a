/** Colours whose sequences carry the mark by which `ScreenWriter` knows them as ours. */
import pc from "picocolors";

type Paint = (text: string) => string;
export type Colors = Readonly<Record<"bold" | "dim" | "red" | "green" | "yellow" | "cyan", Paint>>;

export function createColors(enabled: boolean, mark: string): Colors {
  const all = pc.createColors(enabled);
  const marked = (paint: Paint): Paint => {
    const [open = "", close = ""] = paint("\n").split("\n");
    return open === "" ? (text) => text : (text) => `${mark}${open}${text}${mark}${close}`;
  };
  return {
    bold: marked(all.bold),
    dim: marked(all.dim),
    red: marked(all.red),
    green: marked(all.green),
    yellow: marked(all.yellow),
    cyan: marked(all.cyan),
  };
}
