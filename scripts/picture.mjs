/**
 * Writes docs/live-view.svg: the screen of a real pseudo-terminal during `seren-bridge run`, taken from the built
 * program. Run it as `npm run picture`; it needs util-linux's `script`.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ScreenBuffer } from "./screen-buffer.mjs";

const COLUMNS = 84;
const ROWS = 12;
const CELL = { width: 8.43, height: 19 };
const PADDING = 16;
const BAR = 34;
const COLOURS = { 31: "#f7768e", 32: "#9ece6a", 33: "#e0af68", 36: "#7dcfff" };
const PROMPT = "examples/prompts/release-check.txt";
/** The picture is taken this long after the last tool has begun: its status line is up then. */
const SETTLED_MS = 700;

const root = fileURLToPath(new URL("..", import.meta.url));
const screen = await watchRun();
const cell = (row) =>
  row
    .map(({ text }) => text)
    .join("")
    .trimEnd();
const rows = [typed(`$ seren-bridge run - < ${PROMPT}`), ...screen.rows];
while (rows.length > 0 && cell(rows.at(-1)) === "") rows.pop();
writeFileSync(join(root, "docs", "live-view.svg"), svg(rows));

async function watchRun() {
  const home = mkdtempSync(join(tmpdir(), "seren-bridge-picture-"));
  const buffer = new ScreenBuffer();
  const command = `stty cols ${COLUMNS} rows ${ROWS + 8}; exec node dist/seren-bridge.mjs run - < ${PROMPT}`;
  const child = spawn("script", ["-qec", command, "/dev/null"], {
    cwd: root,
    env: { PATH: process.env.PATH, HOME: home, TERM: "xterm-256color", LANG: "C.UTF-8", SEREN_API_BASE: "local" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let shown = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    shown += text;
    buffer.write(text);
  });
  while (!shown.includes("compare_benchmarks")) await once(child.stdout, "data");
  await new Promise((resolve) => setTimeout(resolve, SETTLED_MS));
  const taken = buffer.copy();
  await once(child, "close");
  rmSync(home, { recursive: true });
  return taken;
}

function typed(text) {
  return [...text].map((character) => ({ text: character, bold: true }));
}

function svg(lines) {
  const width = Math.ceil(COLUMNS * CELL.width + 2 * PADDING);
  const height = BAR + lines.length * CELL.height + 2 * PADDING;
  const dots = ["#f7768e", "#e0af68", "#9ece6a"].map(
    (fill, index) => `<circle cx="${20 + index * 18}" cy="17" r="6" fill="${fill}"/>`,
  );
  const texts = lines.map(
    (line, index) => `<text y="${BAR + PADDING + (index + 0.75) * CELL.height}">${runs(line)}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="The live view of seren-bridge run in a terminal">`,
    `<rect width="${width}" height="${height}" rx="8" fill="#1a1b26"/>`,
    ...dots,
    `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14" fill="#c0caf5" xml:space="preserve">`,
    ...texts,
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}

/** Neighbours that look the same share one element, which is stretched to the grid: fonts differ in width. */
function runs(line) {
  const out = [];
  let column = 0;
  while (column < line.length) {
    const { colour, dim, bold } = line[column];
    let end = column;
    while (end < line.length && line[end].colour === colour && line[end].dim === dim && line[end].bold === bold)
      end += 1;
    const text = line
      .slice(column, end)
      .map((one) => one.text)
      .join("");
    if (text.trim() !== "") {
      const looks = [
        COLOURS[colour] && `fill="${COLOURS[colour]}"`,
        dim && 'fill-opacity="0.6"',
        bold && 'font-weight="bold"',
      ].filter(Boolean);
      const x = PADDING + column * CELL.width;
      const length = ((end - column) * CELL.width).toFixed(1);
      out.push(`<tspan x="${x.toFixed(1)}" textLength="${length}" ${looks.join(" ")}>${escaped(text)}</tspan>`);
    }
    column = end;
  }
  return out.join("");
}

function escaped(text) {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}
