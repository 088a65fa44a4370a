import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readConfig } from "../../src/config.ts";
import { apiKeyReader } from "../../src/credentials.ts";
import { ExecutionFailure } from "../../src/support/failure.ts";
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

function failure(read: () => unknown): ExecutionFailure {
  try {
    read();
  } catch (error) {
    if (error instanceof ExecutionFailure) return error;
  }
  throw new Error("nothing was refused");
}

describe("the key", () => {
  test("comes from the environment first", () => {
    write(JSON.stringify({ api_key: "seren_fromthefile00" }));
    expect(apiKeyReader(config({ SEREN_API_KEY: KEY }), createRedactor())().reveal()).toBe(KEY);
  });

  test.each([
    ["plain", JSON.stringify({ api_key: KEY })],
    ["with blanks around it", JSON.stringify({ api_key: ` ${KEY}\n` })],
    ["among other members", `\n${JSON.stringify({ saved_at: 1, api_key: KEY }, null, 2)}\n`],
  ])("comes from the file: %s", (_, content) => {
    write(content);
    expect(apiKeyReader(config(), createRedactor())().reveal()).toBe(KEY);
  });

  test("is told to the redactor before anybody gets it", () => {
    const redactor = createRedactor();
    apiKeyReader(config({ SEREN_API_KEY: "plain-key-value" }), redactor)();
    expect(redactor.redact("got plain-key-value")).toBe("got [redacted]");
  });

  test("is read once, at the first use", () => {
    const read = apiKeyReader(config(), createRedactor());
    write(JSON.stringify({ api_key: KEY }));
    const first = read();
    rmSync(file);
    expect(read()).toBe(first);
  });

  test("a failure is not kept: a key that appears later is found", () => {
    const read = apiKeyReader(config(), createRedactor());
    expect(failure(read).kind).toBe("unauthorized");
    write(JSON.stringify({ api_key: KEY }));
    expect(read().reveal()).toBe(KEY);
  });
});

describe("without a key", () => {
  test("the error names the sources tried and the way without one", () => {
    const { kind, message } = failure(apiKeyReader(config(), createRedactor()));
    expect(kind).toBe("unauthorized");
    expect(message).toContain("SEREN_API_KEY");
    expect(message).toContain(file);
    expect(message).toContain("SEREN_API_BASE=local");
  });

  test("a folder in the file's place is no key", () => {
    mkdirSync(file);
    chmodSync(file, 0o700);
    expect(failure(apiKeyReader(config(), createRedactor())).message).toBe(
      `${file} cannot be read: it is a folder, not a file; move it away`,
    );
  });

  test.skipIf(process.platform === "win32")("a pipe in the file's place does not hang", () => {
    expect(spawnSync("mkfifo", ["-m", "600", file]).status).toBe(0);
    expect(failure(apiKeyReader(config(), createRedactor())).message).toBe(
      `${file} cannot be read: it is a pipe, not a file; move it away`,
    );
  });

  test.skipIf(process.platform === "win32")("nor does a device, however much it has to say", () => {
    symlinkSync("/dev/zero", file);
    expect(failure(apiKeyReader(config(), createRedactor())).message).toContain("it is a device, not a file");
  });

  test("a file that is too large is not read", () => {
    write(" ".repeat(1024 * 1024));
    expect(failure(apiKeyReader(config(), createRedactor())).message).toContain("is larger than the 65536 bytes");
  });
});

describe.skipIf(process.platform === "win32")("a file that others can read", () => {
  test.each([0o644, 0o640, 0o604, 0o660, 0o606, 0o601])("mode %o is refused, with the command that helps", (mode) => {
    write(JSON.stringify({ api_key: KEY }), mode);
    const { kind, message } = failure(apiKeyReader(config(), createRedactor()));
    expect(kind).toBe("unauthorized");
    expect(message).toBe(`${file} can be read by others; run: chmod 600 "${file}"`);
  });

  test.each([0o600, 0o400])("mode %o is its owner's alone", (mode) => {
    write(JSON.stringify({ api_key: KEY }), mode);
    expect(apiKeyReader(config(), createRedactor())().reveal()).toBe(KEY);
  });
});

test.skipIf(process.platform === "win32").each([0o770, 0o777, 0o707])(
  "a folder of mode %o lets others replace the file",
  (mode) => {
    write(JSON.stringify({ api_key: KEY }));
    chmodSync(dirname(file), mode);
    expect(failure(apiKeyReader(config(), createRedactor())).message).toBe(
      `${dirname(file)} can be changed by others; run: chmod go-w "${dirname(file)}"`,
    );
  },
);

test.runIf(process.geteuid?.() === 0)("a file or folder of another account is refused", () => {
  write(JSON.stringify({ api_key: KEY }));
  for (const path of [file, dirname(file)]) {
    chownSync(path, 12_345, 12_345);
    expect(failure(apiKeyReader(config(), createRedactor())).message).toBe(
      `${path} belongs to another account; run: sudo chown "$(id -u)" "${path}"`,
    );
    chownSync(path, 0, 0);
  }
});

describe("a file that an editor or a shell wrote", () => {
  test("a byte order mark is no part of it", () => {
    write(`\ufeff${JSON.stringify({ api_key: KEY })}`);
    expect(apiKeyReader(config(), createRedactor())().reveal()).toBe(KEY);
  });

  test.each(["\ufeff", ""])("UTF-16 is named (mark: %j)", (mark) => {
    writeFileSync(file, Buffer.from(mark + JSON.stringify({ api_key: KEY }), "utf16le"), { mode: 0o600 });
    expect(failure(apiKeyReader(config(), createRedactor())).message).toBe(`${file} is UTF-16 text; save it as UTF-8`);
  });

  test.each([`"${KEY}"`, `'${KEY}'`])("quotes around the key are named", (key) => {
    const error = failure(apiKeyReader(config({ SEREN_API_KEY: key }), createRedactor()));
    expect(error.message).toMatch(/^SEREN_API_KEY has quotes around the key/);
    expect(error.message).not.toContain(KEY);
    write(JSON.stringify({ api_key: key }));
    expect(failure(apiKeyReader(config(), createRedactor())).message).toContain(`${file} has quotes around the key`);
  });
});

describe("on a loopback port", () => {
  const base = "http://127.0.0.1:8787";

  test("a key is sent that was stored for it, or given for it", () => {
    write(JSON.stringify({ api_key: KEY, service: base }));
    expect(apiKeyReader(config({ SEREN_API_BASE: base }), createRedactor())().reveal()).toBe(KEY);
    rmSync(file);
    expect(apiKeyReader(config({ SEREN_API_BASE: base, SEREN_API_KEY: KEY }), createRedactor())().reveal()).toBe(KEY);
  });

  test.each([undefined, "https://api.serendb.com", "http://127.0.0.1:8788"])(
    "a key stored for %s is not",
    (service) => {
      write(JSON.stringify({ api_key: KEY, service }));
      expect(failure(apiKeyReader(config({ SEREN_API_BASE: base }), createRedactor())).message).toContain(
        `is not sent to ${base}`,
      );
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
  ])("%s is refused without repeating it", (_, content) => {
    write(content);
    const error = failure(apiKeyReader(config(), createRedactor()));
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
  ])("%s is refused without repeating it", (_, key) => {
    const error = failure(apiKeyReader(config({ SEREN_API_KEY: key }), createRedactor()));
    expect(error.kind).toBe("unauthorized");
    expect(error.message).toBe("SEREN_API_KEY holds something that cannot be a key; copy it once more");
    write(JSON.stringify({ api_key: key }));
    expect(failure(apiKeyReader(config(), createRedactor())).message).toBe(
      `${file} holds something that cannot be a key; copy it once more`,
    );
  });
});
