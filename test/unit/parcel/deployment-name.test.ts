import { describe, expect, test } from "vitest";
import type { ParcelManifest } from "#protocols/dispatch-courier";
import { deploymentName, loadParcel, slug, workloadOptionsKey } from "../../../src/parcel/index.ts";
import { Secret } from "../../../src/support/secret.ts";
import { altered, failureOf, parcelDir } from "./parcels.ts";

const KEY = new Secret("seren_test_key");
const values: Record<string, string> = { REPORT_DB_URL: "postgres://x", REPORT_TOKEN: "t0ken" };
const secret = (name: string) => values[name];

describe("slug", () => {
  test.each([
    ["nightly-report", "nightly-report"],
    ["Field Notes 2.0", "field-notes-2-0"],
    ["wörterbuch-日本", "worterbuch"],
    ["Straße", "strasse"],
    ["Ærø Łódź", "aero-lodz"],
    ["İstanbul", "istanbul"],
    ["ﬁle", "file"],
    ["日本", "parcel"],
    ["👩‍👩‍👧", "parcel"],
    ["--a__b--", "a-b"],
    ["日本-agent", "agent"],
    ["", "parcel"],
    [null, "parcel"],
    [undefined, "parcel"],
    ["a".repeat(100), "a".repeat(40)],
    [`${"a".repeat(39)} b`, "a".repeat(39)],
    ["../../etc", "etc"],
  ])("%j", (name, expected) => {
    expect(slug(name)).toBe(expected);
  });

  test("a very long name takes little time", () => {
    expect(slug("\u0301".repeat(4_000_000))).toBe("parcel");
  });
});

test("a name has the slug, eight digits of the digest and eight of the options", async () => {
  const parcel = await loadParcel(parcelDir("job"));
  expect(deploymentName(parcel, workloadOptionsKey(parcel, secret, KEY))).toBe("nightly-report-9dffc3e5-a9f55dcf");
});

describe("the options key", () => {
  const keyOf = async (change: Partial<ParcelManifest> = {}, values = secret, key = KEY) =>
    workloadOptionsKey(await altered("job", change), values, key);

  test("stays the same for the same options", async () => {
    expect(await keyOf()).toBe(await keyOf());
    expect(await keyOf()).toMatch(/^[0-9a-f]{8}$/);
  });

  test("changes with model, limits, env, secret values and the API key, and with nothing else", async () => {
    const models = { primary: { id: "gpt-5.4", provider: "codex" }, fallbacks: [] };
    const keys = await Promise.all([
      keyOf(),
      keyOf({ models }),
      keyOf({ models: { ...models, fallbacks: [{ id: "x" }] } }),
      keyOf({ limits: [] }),
      keyOf({ timeouts: [] }),
      keyOf({ env: [] }),
      keyOf({ env: [{ name: "REPORT_REGION", value: "us" }] }),
      keyOf({}, (name) => `${secret(name)}2`),
      keyOf({}, secret, new Secret("seren_other_key")),
    ]);
    expect(new Set(keys).size).toBe(keys.length);
    expect(await keyOf({ name: "other", version: "9", inline_prompts: ["x"], labels: { a: "b" } })).toBe(keys[0]);
  });

  test("values of neighbouring members cannot be confused", async () => {
    const two = {
      secrets: [
        { name: "A", required: true },
        { name: "B", required: true },
      ],
    };
    const one = await keyOf(two, (name) => ({ A: 'x","B":"y', B: "z" })[name]);
    const other = await keyOf(two, (name) => ({ A: "x", B: 'y","B":"z' })[name]);
    expect(one).not.toBe(other);
  });

  test("does not depend on the order of declarations", async () => {
    const env = [
      { name: "B", value: "1" },
      { name: "A", value: "2" },
    ];
    expect(await keyOf({ env })).toBe(await keyOf({ env: env.toReversed() }));
    const secrets = [
      { name: "REPORT_TOKEN", required: true },
      { name: "REPORT_DB_URL", required: true },
    ];
    expect(await keyOf({ secrets })).toBe(await keyOf());
  });

  test("an optional secret changes the key once it is set", async () => {
    const secrets = [{ name: "OPTIONAL", required: false }];
    expect(await keyOf({ secrets }, () => undefined)).not.toBe(await keyOf({ secrets }, () => "x"));
    expect(await keyOf({ secrets }, () => undefined)).toBe(await keyOf({ secrets: [] }));
  });

  test("is refused without a key, and without a required secret", async () => {
    expect((await failureOf(() => keyOf({}, secret, new Secret("")))).kind).toBe("unauthorized");
    expect((await failureOf(() => keyOf({}, () => undefined))).kind).toBe("invalid_input");
  });
});
