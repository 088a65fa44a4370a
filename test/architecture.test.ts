/** The rules of the layout: import direction, doors, cycles, packages, vocabulary, size (docs/architecture.md). */
import { readFileSync } from "node:fs";
import { posix } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { importCycles, importGraph, sources, specifiers, targetFile } from "./import-graph.ts";

/** What each layer of `src/` may import, besides itself and `support`. Composition (`app/` and the files at the root) may import all. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "adapters/acp": ["core", "stdio", "install", "model-tools", "protocols/acp"],
  "adapters/courier": [
    "core",
    "stdio",
    "parcel",
    "install",
    "protocols/dispatch-courier",
    "protocols/dispatch-deployment", // `setup dispatch` registers both plugins
  ],
  "adapters/deployment": [
    "core",
    "stdio",
    "parcel",
    "archive",
    "install",
    "protocols/dispatch-deployment",
    "protocols/seren-cloud", // a spec is written in the service's own words
  ],
  "adapters/roder": ["core", "stdio", "install", "model-tools", "protocols/roder-extension"],
  "adapters/mcp": ["core", "stdio", "install", "model-tools", "protocols/mcp"],
  "adapters/terminal": ["core", "parcel", "install"],
  "model-tools": ["core"],
  notify: ["core"],
  core: ["seren"],
  seren: ["protocols/seren-cloud"],
  parcel: ["archive", "protocols/dispatch-courier", "protocols/seren-cloud"],
  archive: [],
  stdio: ["protocols/json-rpc"],
  local: ["protocols/seren-cloud"],
  install: [],
  settings: ["core"],
  state: [],
  support: [],
};

/** What each sub-room of `src/local/` may import of that room, besides itself; `local-cloud.ts` puts them together. */
const MAY_IMPORT_IN_LOCAL: Readonly<Record<string, readonly string[]>> = {
  handlers: ["faults", "model", "http"],
  faults: ["model", "http"],
  agents: ["model"],
  storage: ["model"],
  model: [],
  http: [],
};

/** A room is imported through its `index.ts`; `core` has a second door for the composition, an adapter one for its installation. */
const DOOR = /^src\/((adapters\/)?[a-z-]+\/index|core\/engine|adapters\/[a-z]+\/install\/index)\.ts$/;

/** Packages that only one place may know. */
const ONLY_IN: Readonly<Record<string, RegExp>> = {
  undici: /^src\/seren\/http\/(http-transport|download|dispatcher|certificate)\.ts$/,
  "vscode-jsonrpc": /^src\/stdio\//,
  "eventsource-parser": /^src\/seren\/follow\/sse\.ts$/,
  "smol-toml": /^src\/(adapters\/roder|install\/clients|settings|app\/terminal\/seren-sign-in\.ts$)/,
  "jsonc-parser": /^src\/install\/clients\/json-file\.ts$/,
  yaml: /^src\/install\/clients\/yaml-file\.ts$/,
  commander: /^src\/adapters\/terminal\//,
  "@clack": /^src\/adapters\/terminal\/screen\/ask\.ts$/,
  picocolors: /^src\/adapters\/terminal\/screen\/colors\.ts$/,
};

function layerOf(path: string): string | undefined {
  const [, first = "", second = ""] = path.split("/");
  if (first.endsWith(".ts") || first === "app") return undefined;
  return first === "adapters" ? `adapters/${second}` : first;
}

const targetOf = (path: string, specifier: string): string | undefined => {
  if (specifier.startsWith("#protocols/")) return specifier.slice(1);
  const target = targetFile(path, specifier);
  return target && (layerOf(target) ?? "composition");
};

describe("src/local", () => {
  const subRoomOf = (path: string) => path.split("/")[2] ?? "";
  const inSubRooms = sources("src/local").filter((path) => path.split("/").length > 3);

  test("each sub-room has a row", () => {
    expect([...new Set(inSubRooms.map(subRoomOf))].sort()).toEqual(Object.keys(MAY_IMPORT_IN_LOCAL).sort());
  });

  test.each(inSubRooms)("%s imports only downwards", (path) => {
    const allowed = [subRoomOf(path), ...(MAY_IMPORT_IN_LOCAL[subRoomOf(path)] ?? [])];
    for (const specifier of specifiers(path)) {
      const target = posix.join(posix.dirname(path), specifier);
      if (!specifier.startsWith(".") || !target.startsWith("src/local/")) continue;
      expect(allowed, `${path} imports ${specifier}`).toContain(subRoomOf(target));
    }
  });
});

describe("src", () => {
  test.each(sources("src").filter(layerOf))("%s imports only downwards", (path) => {
    const layer = layerOf(path) ?? "";
    const allowed = [layer, "support", ...(MAY_IMPORT[layer] ?? [])];
    for (const specifier of specifiers(path)) {
      const target = targetOf(path, specifier);
      if (target) expect(allowed, `${path} imports ${specifier}`).toContain(target);
    }
  });

  test.each(sources("src"))("%s keeps to its packages", (path) => {
    for (const specifier of specifiers(path)) {
      const name = specifier.split("/")[0] ?? "";
      const place = ONLY_IN[name];
      if (place) expect(path, `${specifier} is known to one place only`).toMatch(place);
    }
  });

  test("only the configuration reads the environment", () => {
    const readers = sources("src").filter((path) => /process\s*\.\s*env\b/.test(readFileSync(path, "utf8")));
    expect(readers).toEqual(["src/config.ts"]);
  });

  test("a command prints through the writer of its screen, and nothing else touches the standard streams", () => {
    const streams = /process\s*\.\s*std(out|err)\b|\bconsole\s*\.|\bwriteSync\s*\(\s*[12]\b/;
    const users = sources("src").filter((path) => streams.test(stripComments(readFileSync(path, "utf8"))));
    expect(users).toEqual([
      "src/cli.ts", // a program that is not as it was built
      "src/app/serve-host.ts", // the log of a host's child
      "src/app/front-ends/terminal.ts", // gives them to the screen
    ]);
    const past = sources("src/adapters/terminal").filter((path) => /\.stream\b(?!\()/.test(readFileSync(path, "utf8")));
    expect(past).toEqual(["src/adapters/terminal/screen/ask.ts", "src/adapters/terminal/screen/writer.ts"]);
  });

  test("text is shortened for a screen by its writer only, which removes secrets first", () => {
    const users = sources("src").filter((path) => /\blineOf\b.*width\.ts/.test(readFileSync(path, "utf8")));
    expect(users).toEqual(["src/adapters/terminal/screen/writer.ts"]);
  });

  test("no call outlives its request: only these make a signal that nothing aborts", () => {
    const withoutEnd = /\bunabortable\(\)|new AbortController\(\)\.signal|\{ signal \} = new AbortController\(\)/;
    const users = sources("src").filter((path) => withoutEnd.test(stripComments(readFileSync(path, "utf8"))));
    expect(users.sort()).toEqual([
      "src/index.ts", // the library's caller may leave its signal out
      "src/seren/client/approval-calls.ts", // a decision that was sent may have been taken
      "src/seren/client/client.ts", // creating and cancelling are seen through
      "src/seren/client/deployment-calls.ts", // and deploying
      "src/support/abort.ts",
    ]);
  });

  test("folders are made by one function: with `recursive`, Node tries for ever below /proc", () => {
    const recursive = /\bmkdir(Sync)?\(.*recursive/;
    const users = sources("src").filter((path) => recursive.test(stripComments(readFileSync(path, "utf8"))));
    expect(users).toEqual([]);
  });

  test("time and randomness come from the ambient module", () => {
    const direct =
      /\b(Date\.now|Math\.random|setTimeout|setInterval|setImmediate|performance\.now)\s*\(|\brandomUUID\s*\(/;
    const users = sources("src").filter((path) => direct.test(stripComments(readFileSync(path, "utf8"))));
    expect(users).toEqual(["src/support/ambient.ts"]);
  });
});

/** Lower-case words joined by underscores: how the service, and no member of ours, is spelled. */
const SNAKE_CASE = /^[a-z][a-z0-9]*(_[a-z0-9]+)+$/;

function nodesOf(path: string): ts.Node[] {
  const found: ts.Node[] = [];
  const visit = (node: ts.Node) => {
    found.push(node);
    node.forEachChild(visit);
  };
  visit(ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true));
  return found;
}

describe("the core knows no wire", () => {
  // A table may be keyed by the words of our own vocabulary, which are strings in these two files.
  const words = ["src/core/events.ts", "src/support/failure.ts"].flatMap((path) =>
    nodesOf(path)
      .filter(ts.isStringLiteral)
      .map(({ text }) => text),
  );

  /** Fields of our own log lines: arguments of `log(…)`, and all of the file that makes the lines about runs. */
  const isLogField = (path: string, { parent }: ts.Node) =>
    ts.isPropertyAssignment(parent) &&
    (path === "src/core/host/run-log.ts" ||
      (ts.isCallExpression(parent.parent.parent) && /\blog$/.test(parent.parent.parent.expression.getText())));

  const isMember = (node: ts.Node): node is ts.Identifier | ts.StringLiteral => {
    if (ts.isIdentifier(node)) return true;
    const { parent } = node;
    if (!ts.isStringLiteral(node)) return false;
    if (ts.isPropertyAssignment(parent)) return parent.name === node;
    if (ts.isBinaryExpression(parent)) return parent.operatorToken.kind === ts.SyntaxKind.InKeyword;
    return ts.isElementAccessExpression(parent) || ts.isBindingElement(parent) || ts.isComputedPropertyName(parent);
  };

  test.each(sources("src/core"))("%s spells no member of an answer or of a request", (path) => {
    const members = nodesOf(path).filter((node) => isMember(node) && !isLogField(path, node));
    const names = members.map((node) => (isMember(node) ? node.text : ""));
    expect(names.filter((name) => SNAKE_CASE.test(name) && !words.includes(name))).toEqual([]);
  });

  test("and the check sees one", () => {
    expect(
      nodesOf("src/seren/mapping/answers.ts")
        .filter(ts.isIdentifier)
        .map(({ text }) => text),
    ).toContain("pending_approvals");
  });
});

describe("imports", () => {
  const graph = importGraph(["src", "protocols"]);

  test("every relative import names a file", () => {
    const files = new Set(graph.keys());
    const missing = [...graph].flatMap(([path, targets]) =>
      targets.filter((target) => !files.has(target)).map((target) => `${path} → ${target}`),
    );
    expect(missing).toEqual([]);
  });

  test("no file imports itself, directly or through others", () => {
    expect(importCycles(graph)).toEqual([]);
  });

  test("a cycle is found, however long it is", () => {
    const planted = new Map([...graph, ["src/support/abort.ts", ["src/cli.ts"]]]);
    expect(importCycles(planted)).toContainEqual(expect.stringMatching(/src\/cli\.ts → .*src\/support\/abort\.ts/));
  });

  test.each([...graph])("%s enters other rooms through their doors", (path, targets) => {
    const past = targets.filter((target) => isInsideAnotherRoom(path, target) && !DOOR.test(target));
    expect(past).toEqual([]);
  });

  test("an import past a door is found, from a room and from the composition", () => {
    const inner = "src/core/run/run-session.ts";
    expect(graph.has(inner)).toBe(true);
    for (const path of ["src/app/engine.ts", "src/adapters/courier/plugin.ts"]) {
      expect(isInsideAnotherRoom(path, inner) && !DOOR.test(inner)).toBe(true);
    }
  });
});

function isInsideAnotherRoom(path: string, target: string): boolean {
  const room = layerOf(target);
  return room !== undefined && target.startsWith("src/") && room !== "support" && room !== layerOf(path);
}

test.each(sources("protocols"))("%s imports zod and its neighbours only", (path) => {
  for (const specifier of specifiers(path))
    expect(specifier).toMatch(/^(zod|\.\/([a-z-]+|(v[\d.]+|\d{4}-\d\d-\d\d)\/index)\.ts)$/);
});

test.each([...sources("src"), ...sources("protocols")])("%s has at most 300 lines", (path) => {
  expect(readFileSync(path, "utf8").split("\n").length).toBeLessThanOrEqual(301);
});

function stripComments(code: string): string {
  return code.replace(/\/\*[\s\S]*?\*\//g, "").replace(/\/\/.*$/gm, "");
}
