import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Config, readConfig } from "../../src/config.ts";
import { apiKeyReader, keyDisk } from "../../src/credentials.ts";
import { realAmbient } from "../../src/support/ambient.ts";
import { ExecutionFailure } from "../../src/support/failure.ts";
import { whyDenied } from "../../src/support/own-file.ts";
import { createRedactor } from "../../src/support/redact.ts";

const KEY = "seren_0123456789abcdef";
let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "credentials-"));
  mkdirSync(join(folder, "seren-bridge"));
  file = join(folder, "seren-bridge", "credentials.json");
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const config = (environment: Record<string, string> = {}) =>
  readConfig({ XDG_CONFIG_HOME: folder, APPDATA: folder, ...environment });

function write(content: string, mode = 0o600): void {
  writeFileSync(file, content);
  chmodSync(file, mode);
}

const reader = (settings: Config, redactor = createRedactor()) =>
  apiKeyReader(settings, redactor, keyDisk(settings, realAmbient));

async function failure(read: () => Promise<unknown>): Promise<ExecutionFailure> {
  try {
    await read();
  } catch (error) {
    if (error instanceof ExecutionFailure) return error;
  }
  throw new Error("nothing was refused");
}

describe("the key", () => {
  test("comes from the environment first", async () => {
    write(JSON.stringify({ api_key: "seren_fromthefile00" }));
    expect((await reader(config({ SEREN_API_KEY: KEY }))()).reveal()).toBe(KEY);
  });

  test.each([
    ["plain", JSON.stringify({ api_key: KEY })],
    ["with blanks around it", JSON.stringify({ api_key: ` ${KEY}\n` })],
    ["among other members", `\n${JSON.stringify({ saved_at: 1, api_key: KEY }, null, 2)}\n`],
  ])("comes from the file: %s", async (_, content) => {
    write(content);
    expect((await reader(config())()).reveal()).toBe(KEY);
  });

  test("is told to the redactor before anybody gets it", async () => {
    const redactor = createRedactor();
    reader(config({ SEREN_API_KEY: "plain-key-value" }), redactor)();
    expect(redactor.redact("got plain-key-value")).toBe("got [redacted]");
  });

  test("is read once, at the first use", async () => {
    const read = reader(config());
    write(JSON.stringify({ api_key: KEY }));
    const first = await read();
    rmSync(file);
    expect(await read()).toBe(first);
  });

  test("a failure is not kept: a key that appears later is found", async () => {
    const read = reader(config());
    expect((await failure(read)).kind).toBe("unauthorized");
    write(JSON.stringify({ api_key: KEY }));
    expect((await read()).reveal()).toBe(KEY);
  });
});

describe("without a key", () => {
  test("the error names the sources tried and the way without one", async () => {
    const { kind, message } = await failure(reader(config()));
    expect(kind).toBe("unauthorized");
    expect(message).toContain("SEREN_API_KEY");
    expect(message).toContain(file);
    expect(message).toContain("SEREN_API_BASE=local");
  });

  test("a folder in the file's place is no key", async () => {
    mkdirSync(file);
    chmodSync(file, 0o700);
    expect((await failure(reader(config()))).message).toBe(
      `${file} cannot be read: it is a folder, not a file; move it away`,
    );
  });

  test.skipIf(process.platform === "win32")("a pipe in the file's place does not hang", async () => {
    expect(spawnSync("mkfifo", ["-m", "600", file]).status).toBe(0);
    expect((await failure(reader(config()))).message).toBe(
      `${file} cannot be read: it is a pipe, not a file; move it away`,
    );
  });

  test.skipIf(process.platform === "win32")("nor does a device, however much it has to say", async () => {
    symlinkSync("/dev/zero", file);
    expect((await failure(reader(config()))).message).toContain("it is a device, not a file");
  });

  test("a file that is too large is not read", async () => {
    write(" ".repeat(1024 * 1024));
    expect((await failure(reader(config()))).message).toContain("is larger than the 65536 bytes");
  });
});

describe.skipIf(process.platform === "win32")("a file that others can read", () => {
  test.each([0o644, 0o640, 0o604, 0o660, 0o606, 0o601])(
    "mode %o is refused, with the command that helps",
    async (mode) => {
      write(JSON.stringify({ api_key: KEY }), mode);
      const { kind, message } = await failure(reader(config()));
      expect(kind).toBe("unauthorized");
      expect(message).toBe(`${file} can be read by others; run: chmod 600 "${file}"`);
    },
  );

  test.each([0o600, 0o400])("mode %o is its owner's alone", async (mode) => {
    write(JSON.stringify({ api_key: KEY }), mode);
    expect((await reader(config())()).reveal()).toBe(KEY);
  });
});

test.skipIf(process.platform === "win32").each([0o770, 0o777, 0o707])(
  "a folder of mode %o lets others replace the file",
  async (mode) => {
    write(JSON.stringify({ api_key: KEY }));
    chmodSync(dirname(file), mode);
    expect((await failure(reader(config()))).message).toBe(
      `${dirname(file)} can be changed by others; run: chmod go-w "${dirname(file)}"`,
    );
  },
);

test.runIf(process.geteuid !== undefined)(
  "why a file cannot be read is told apart: its mode, its owner, its folder",
  async () => {
    writeFileSync(file, "");
    chmodSync(file, 0o000);
    expect(await whyDenied(file)).toBe(
      `${file} cannot be read: its mode does not let its owner; run: chmod 600 "${file}"`,
    );
    expect(await whyDenied(join(file, "credentials.json"))).toContain(`permission denied in ${file}; change`);
    const theirs = process.geteuid?.() === 0 ? file : "/etc/passwd";
    if (theirs === file) chownSync(file, 12_345, 12_345);
    expect(await whyDenied(theirs)).toContain("it belongs to another account; run: sudo chown");
  },
);

test.runIf(process.geteuid?.() === 0)("a file or folder of another account is refused", async () => {
  write(JSON.stringify({ api_key: KEY }));
  for (const path of [file, dirname(file)]) {
    chownSync(path, 12_345, 12_345);
    expect((await failure(reader(config()))).message).toBe(
      `${path} belongs to another account; run: sudo chown "$(id -u)" "${path}"`,
    );
    chownSync(path, 0, 0);
  }
});

describe("a file that an editor or a shell wrote", () => {
  test("a byte order mark is no part of it", async () => {
    write(`\ufeff${JSON.stringify({ api_key: KEY })}`);
    expect((await reader(config())()).reveal()).toBe(KEY);
  });

  test.each(["\ufeff", ""])("UTF-16 in the other order of bytes is named (mark: %j)", async (mark) => {
    writeFileSync(file, Buffer.from(`${mark}${JSON.stringify({ api_key: KEY })}`, "utf16le").swap16());
    chmodSync(file, 0o600);
    expect((await failure(reader(config()))).message).toBe(`${file} is UTF-16 text; save it as UTF-8`);
  });

  test.skipIf(process.platform === "win32")("no folder of a chain of links may be changed by others", async () => {
    const [own, open] = ["own", "open"].map((name) => join(folder, name)) as [string, string];
    for (const one of [own, open]) mkdirSync(one, { mode: 0o700 });
    const target = join(own, "key.json");
    writeFileSync(target, JSON.stringify({ api_key: KEY }), { mode: 0o600 });
    symlinkSync(target, join(open, "second"));
    symlinkSync("../open/second", join(own, "first"));
    symlinkSync(join(own, "first"), file);
    expect((await reader(config())()).reveal()).toBe(KEY);
    chmodSync(open, 0o777);
    expect((await failure(reader(config()))).message).toBe(
      `${open} can be changed by others; run: chmod go-w "${open}"`,
    );
  });

  test.each(["\ufeff", ""])("UTF-16 is named (mark: %j)", async (mark) => {
    writeFileSync(file, Buffer.from(mark + JSON.stringify({ api_key: KEY }), "utf16le"), { mode: 0o600 });
    expect((await failure(reader(config()))).message).toBe(`${file} is UTF-16 text; save it as UTF-8`);
  });

  test.each([`"${KEY}"`, `'${KEY}'`])("quotes around the key are named", async (key) => {
    const error = await failure(reader(config({ SEREN_API_KEY: key })));
    expect(error.message).toMatch(/^SEREN_API_KEY has quotes around the key/);
    expect(error.message).not.toContain(KEY);
    write(JSON.stringify({ api_key: key }));
    expect((await failure(reader(config()))).message).toContain(`${file} has quotes around the key`);
  });
});

describe("on a loopback port", () => {
  const base = "http://127.0.0.1:8787";

  test("a key is sent that was stored for it, or given for it", async () => {
    write(JSON.stringify({ api_key: KEY, service: base }));
    expect((await reader(config({ SEREN_API_BASE: base }))()).reveal()).toBe(KEY);
    rmSync(file);
    expect((await reader(config({ SEREN_API_BASE: base, SEREN_API_KEY: KEY }))()).reveal()).toBe(KEY);
  });

  test.each([undefined, "https://api.serendb.com", "http://127.0.0.1:8788"])(
    "a key stored for %s is not",
    async (service) => {
      write(JSON.stringify({ api_key: KEY, service }));
      expect((await failure(reader(config({ SEREN_API_BASE: base })))).message).toContain(`is not sent to ${base}`);
    },
  );
});

describe("a file of another form", () => {
  test.each([
    ["empty", ""],
    ["the bare key", KEY],
    ["broken JSON around the key", `{"api_key": "${KEY}"`],
    ["another member", JSON.stringify({ key: KEY })],
    ["a list", JSON.stringify([KEY])],
    ["null", "null"],
    ["a number", JSON.stringify({ api_key: 5, other: KEY })],
    ["a blank key", JSON.stringify({ api_key: "  ", other: KEY })],
  ])("%s is refused without repeating it", async (_, content) => {
    write(content);
    const error = await failure(reader(config()));
    expect(error.kind).toBe("unauthorized");
    expect(error.message).toContain(file);
    expect(`${error.message} ${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`).not.toContain(KEY);
  });
});

describe("a key that cannot stand in a header", () => {
  test.each([
    ["a line break", `${KEY}\r\nx-evil: 1`],
    ["a blank", `${KEY} ${KEY}`],
    ["a letter beyond ASCII", `${KEY}é`],
    ["a control character", `${KEY}\u0007x`],
  ])("%s is refused without repeating it", async (_, key) => {
    const error = await failure(reader(config({ SEREN_API_KEY: key })));
    expect(error.kind).toBe("unauthorized");
    expect(error.message).toBe("SEREN_API_KEY holds something that cannot be a key; copy it once more");
    write(JSON.stringify({ api_key: key }));
    expect((await failure(reader(config()))).message).toBe(
      `${file} holds something that cannot be a key; copy it once more`,
    );
  });
});
