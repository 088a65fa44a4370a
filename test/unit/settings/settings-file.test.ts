/** The configuration file: what is read, what is refused, and in which words. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { parse } from "smol-toml";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { exampleFile, readSettings, SETTING_KEYS, settingsJsonSchema } from "../../../src/settings/index.ts";
import { isObject } from "../../../src/support/objects.ts";
import { sources } from "../../import-graph.ts";
import { ROOT } from "../../support/child-process/child.ts";

const KEY = "seren_Zk3abcdefgh12345678";
let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "settings-"));
  path = join(folder, "config.toml");
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function read(content: string | Buffer, mode = 0o600) {
  writeFileSync(path, content);
  chmodSync(path, mode);
  return readSettings(path, { bytes: readFileSync(path), stats: statSync(path) });
}

const textsOf = (content: string | Buffer, mode?: number) =>
  Object.fromEntries([...read(content, mode).values].map(([variable, { text }]) => [variable, text]));

describe("a file that is right", () => {
  test("gives the texts of the variables, under their keys", () => {
    expect([...read('api_base = "local"\n[proxy]\nexcept = ["a.example", "10.0.0.0/8"]\n').values]).toEqual([
      ["SEREN_API_BASE", { key: "api_base", text: "local" }],
      ["NO_PROXY", { key: "proxy.except", text: "a.example,10.0.0.0/8" }],
    ]);
  });

  test.each([
    ["an empty one", "", {}],
    [
      "one with a byte order mark and CRLF",
      '\ufefflog = "info"\r\ndeployment = "d"\r\n',
      { SEREN_BRIDGE_LOG: "info", SEREN_BRIDGE_DEPLOYMENT: "d" },
    ],
    [
      "dotted keys and inline tables",
      'model.url = "http://x"\nproxy = { http = "p:1" }',
      { SEREN_BRIDGE_MODEL_URL: "http://x", HTTP_PROXY: "p:1" },
    ],
    ["blanks around a value", 'deployment = "  d\\n"', { SEREN_BRIDGE_DEPLOYMENT: "d" }],
  ])("%s", (_, content, expected) => {
    expect(textsOf(content)).toEqual(expected);
  });

  test("the example is one when its comments are taken away", () => {
    const all = exampleFile(path).replace(/^# (?=\w+ = |\[)/gm, "");
    const given = SETTING_KEYS.map(({ key, variable = key, examples: [value] }) => [
      variable,
      isObject(value) ? JSON.stringify(value) : [value].flat().join(","),
    ]);
    expect(textsOf(all)).toEqual(Object.fromEntries(given));
    expect(textsOf(exampleFile(path))).toEqual({});
  });
});

describe("a file that is wrong", () => {
  test.each([
    ['api_bas = "x"', '"api_bas" (line 1) is not a setting (did you mean api_base?)'],
    ['\n\nlogg = "x"', '"logg" (line 3) is not a setting (did you mean log?)'],
    ['[proxi]\nhttps = "x"', '"proxi" (line 1) is not a setting (did you mean proxy?)'],
    ['[proxy]\nhttpss = "x"', '"proxy.httpss" (line 2) is not a setting (did you mean proxy.https?)'],
    ['[roder]\napi_base = "x"', '"roder.api_base" (line 2) is not a setting (did you mean api_base?)'],
    ['SEREN_BRIDGE_STATE_DIR = "x"', "is not a setting (did you mean state_dir?)"],
    ["unheard_of_thing = 1", '"unheard_of_thing" (line 1) is not a setting;'],
    ["constructor = 1\n[toString]\nx = 1", '"toString" (line 2) is not a setting'],
    ["log = 3", 'log (line 1) has to be one of "error" or "warn" or "info" or "debug"'],
    ['log = "loud"', "log (line 1) has to be one of"],
    ["api_base = 1", "api_base (line 1) has to be a text in quotes"],
    ["api_base = 2020-01-01", "api_base (line 1) has to be a text in quotes"],
    ['api_base = " "', "api_base (line 1) is empty; leave the key out"],
    ['secrets = "A"', "secrets (line 1) has to be a list of texts"],
    ['secrets = ["A B"]', "secrets (line 1) holds something that is not the name of a variable"],
    ['[limits]\nrun_usd = "2"', "limits.run_usd (line 2) has to be an amount in dollars, such as 1.50"],
    ["[limits]\nrun_usd = -1", "limits.run_usd (line 2) is less than 0"],
    ["[limits]\nday_usd = nan", "limits.day_usd (line 2) has to be an amount in dollars"],
    ["[limits]\nactive_runs = 1.5", "limits.active_runs (line 2) has to be a whole number"],
    ["[limits.hosts.rodr]\nrun_usd = 1", '"limits.hosts.rodr" (line 1) is not a setting'],
    ["[limits.hosts.roder]\nrun_us = 1", '"limits.hosts.roder.run_us" (line 2) is not a setting'],
    ["[notify]\nevents = []", "notify.events (line 2) is empty; leave the key out"],
    ['[notify]\nevents = ["done"]', 'notify.events (line 2) has to be one of "completed" or'],
    ["[notify]\nbell = 1", "notify.bell (line 2) has to be true or false"],
    ["proxy = 3", "proxy (line 1) has to be a table"],
    ["[[proxy]]", "proxy (line 1) has to be a table"],
    ["a=1\nb=2\nc=3\nd=4\ne=5", "; and 2 more;"],
    ['log = "info"\nlog = "warn"', "line 2, is not TOML: trying to redefine"],
    ['log = "info', "line 1, is not TOML: "],
    ["[".repeat(20_000), "is not TOML"],
    [`x = ${"[".repeat(20_000)}`, "is not TOML"],
  ])("%.40s", (content, words) => {
    expect(() => read(content)).toThrow(words);
    expect(() => read(content)).toThrow(path);
  });

  test.each([
    `api_key = "${KEY}"`,
    `seren_api_key = "${KEY}"`,
    `SEREN_API_KEY = "${KEY}"`,
    `key = "${KEY}"`,
    `[seren]\napi_key = "${KEY}"`,
    `log = "${KEY}"`,
    `api_base = ["${KEY}"]`,
    `log = ${KEY}`,
    `log = "${KEY}`,
    KEY,
    `secrets = ["-${KEY}"]`,
  ])("never shows a value: %s", (content) => {
    let message = "";
    try {
      read(content);
    } catch (error) {
      message = String(error);
    }
    expect(message).not.toBe("");
    expect(message).not.toContain(KEY);
    if (/key/i.test(content) && content.includes("=") && !content.includes("["))
      expect(message).toContain("seren-bridge login");
  });

  test("UTF-16, as Windows shells write it", () => {
    expect(() => read(Buffer.from('\ufefflog = "info"', "utf16le"))).toThrow(
      `${path} is UTF-16 text; save it as UTF-8`,
    );
  });

  test("bytes that are no text", () => {
    expect(() => read(Buffer.from([0x6c, 0xff, 0xff, 0x80]))).toThrow(`${path} is not UTF-8 text`);
  });

  test("a great many unknown keys cost little", () => {
    const many = Array.from({ length: 5_000 }, (_, index) => `key_number_${index} = 1`).join("\n");
    expect(() => read(many)).toThrow("and 4997 more");
  });
});

describe.skipIf(process.platform === "win32")("a file that others", () => {
  test.each([0o620, 0o602, 0o666])("may change (mode %o) is refused", (mode) => {
    expect(() => read("", mode)).toThrow(`${path} can be changed by others; run: chmod go-w "${path}"`);
  });

  test("may read is fine, unless it holds a secret", () => {
    expect(textsOf('log = "info"\nproxy.http = "p:1"', 0o644)).toEqual({ SEREN_BRIDGE_LOG: "info", HTTP_PROXY: "p:1" });
    for (const secret of ['model.key = "k"', 'proxy.https = "http://u:p@h:1"']) {
      expect(() => read(secret, 0o644)).toThrow(`${path} can be read by others; run: chmod 600 "${path}"`);
      expect(read(secret, 0o600).values.size).toBe(1);
    }
  });

  test("may put another one in the place of is refused", () => {
    chmodSync(folder, 0o777);
    expect(() => read("")).toThrow(`${folder} can be changed by others`);
  });
});

describe("the keys", () => {
  test("each variable of the program has one", () => {
    const code = sources("src").map((file) => readFileSync(join(ROOT, file), "utf8"));
    const named = code.flatMap((text) => [...text.matchAll(/"(SEREN_[A-Z_]+)"/g)].map(([, name = ""]) => name));
    // The key is no setting; the others decide before the file is read.
    const without = ["SEREN_API_KEY", "SEREN_BRIDGE_COMPILE_CACHE", "SEREN_BRIDGE_CONFIG"];
    const known = SETTING_KEYS.map(({ variable }) => variable);
    expect([...new Set(named)].filter((name) => !known.includes(name)).sort()).toEqual(without);
  });

  test("each is in the table of the documentation, with its variable", () => {
    const page = readFileSync(join(ROOT, "docs/configuration.md"), "utf8");
    for (const { key, variable } of SETTING_KEYS)
      expect(page).toContain(`| \`${key}\` |${variable ? ` \`${variable}\`` : ""} |`);
  });
});

/** Each of five hosts has the four limits. */
const LIMITS_OF_HOSTS = 20;

describe("the JSON Schema", () => {
  const validate = new Ajv2020({ strict: true }).compile(settingsJsonSchema());

  test.each([
    "",
    'log = "info"\n[model]\nname = "m"',
    'secrets = ["A"]',
    "log = 3",
    "x = 1",
    "[proxy]\nx = 1",
    "[model]\nurl = 1",
  ])("agrees with the program about %j", (content) => {
    let accepted = true;
    try {
      read(content);
    } catch {
      accepted = false;
    }
    expect(validate(structuredClone(parse(content)))).toBe(accepted);
  });

  test("has words for every key", () => {
    expect(JSON.stringify(settingsJsonSchema()).match(/"description":/g)).toHaveLength(
      SETTING_KEYS.length + LIMITS_OF_HOSTS,
    );
  });
});
