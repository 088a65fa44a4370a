import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";
import { afterAll, beforeAll, expect, test } from "vitest";

let folder: string;
let programs = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "claim-stdout-"));
  const source = await readFile(new URL("../../../src/stdio/claim-stdout.ts", import.meta.url), "utf8");
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext },
  });
  await writeFile(join(folder, "claim-stdout.mjs"), outputText);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs `body` as a program whose stdout is a pipe. */
async function run(body: string, watch?: (child: ReturnType<typeof spawn>) => void) {
  programs += 1;
  const program = join(folder, `program-${programs}.mjs`);
  await writeFile(program, `import { claimStdout } from "./claim-stdout.mjs";\n${body}`);
  const child = spawn(process.execPath, [program], { stdio: ["pipe", "pipe", "pipe"], env: {} });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  watch?.(child);
  const code = await new Promise<number | null>((resolve) => void child.on("close", resolve));
  return { stdout, stderr, code };
}

test("only frames reach stdout; everything else that is printed goes to stderr", async () => {
  const { stdout, stderr, code } = await run(`
    import early from "node:console";
    const log = console.log;
    const frames = claimStdout();
    console.log("one"); early.log("two"); log("three"); console.error("four"); console.table([1]);
    process.stdout.write("five\\n", () => console.log("six"));
    process.stdout.end("seven\\n", () => console.log("eight"));
    console.dir({ nine: 9 });
    process.stdout.write(new Uint8Array([0x74, 0x65, 0x6e, 0x0a]));
    frames.write('{"a":1}\\n');
    frames.end('{"b":2}\\n');
  `);
  expect(stdout).toBe('{"a":1}\n{"b":2}\n');
  for (const word of ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]) {
    expect(stderr).toContain(word);
  }
  expect(code).toBe(0);
});

test("importing it claims nothing, calling it twice claims once", async () => {
  const { stdout } = await run(`
    console.log("before");
    const frames = claimStdout();
    console.log("after");
    if (claimStdout() !== frames) throw new Error("claimed twice");
    frames.write("frame\\n");
  `);
  expect(stdout).toBe("before\nframe\n");
});

test("console stays on stderr even if a library puts the old write back", async () => {
  const { stdout, stderr } = await run(`
    claimStdout();
    delete process.stdout.write;
    console.log("one");
  `);
  expect(stdout).toBe("");
  expect(stderr).toBe("one\n");
});

test("a host that stops reading is seen as an error, and nothing is uncaught", async () => {
  const { stderr, code } = await run(
    `
    const frames = claimStdout();
    frames.on("close", () => { console.error("closed"); process.stdin.destroy(); });
    process.stdin.on("data", () => { for (let i = 0; i < 10; i += 1) frames.write("x".repeat(100000)); });
  `,
    (child) => {
      child.stdout?.destroy();
      child.stdin?.write("go");
    },
  );
  expect(stderr).toBe("closed\n");
  expect(code).toBe(0);
});

test("a host that closes stderr causes no error", async () => {
  const { stdout, code } = await run(
    `
    const frames = claimStdout();
    process.stdin.once("data", () => {
      process.stderr.write("nobody hears", () => frames.write("still here\\n", () => process.stdin.destroy()));
    });
  `,
    (child) => {
      child.stderr?.destroy();
      child.stdin?.write("go");
    },
  );
  expect(stdout).toBe("still here\n");
  expect(code).toBe(0);
});

test("write callbacks and `drain` tell when the pipe took a frame", async () => {
  const { stdout, code } = await run(`
    const frames = claimStdout();
    const line = "x".repeat(200000) + "\\n";
    let drains = 0;
    for (let i = 0; i < 20; i += 1) {
      if (!frames.write(line)) { await new Promise((resolve) => frames.once("drain", resolve)); drains += 1; }
    }
    await new Promise((resolve) => frames.write(String(drains), resolve));
    process.exit(0);
  `);
  expect(stdout.length).toBe(20 * 200_001 + 2);
  expect(stdout.endsWith("20")).toBe(true);
  expect(code).toBe(0);
});
