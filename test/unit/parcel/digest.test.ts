import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { ParcelManifestSchema } from "#protocols/dispatch-courier";
import { digestMatches, manifestDigest } from "../../../src/parcel/digest.ts";
import { manifestOf, PARCELS } from "./parcels.ts";

const H = "ab".repeat(32);

describe("digests made by Dispatch 0.4", () => {
  test.each(PARCELS.filter((name) => name !== "chat-bound-by-host"))("%s", async (name) => {
    const manifest = await manifestOf(name);
    expect(manifestDigest(manifest)).toBe(manifest.digest);
    expect(digestMatches(manifest)).toBe(true);
  });

  test("a parcel bound by the host keeps the digest it had without the labels", async () => {
    const manifest = await manifestOf("chat-bound-by-host");
    expect(manifestDigest(manifest)).not.toBe(manifest.digest);
    expect(digestMatches(manifest)).toBe(true);
  });
});

test("the order of members in the file does not matter", async () => {
  const manifest = await manifestOf("tools");
  const turned: unknown = JSON.parse(JSON.stringify(manifest), (_, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).reverse())
      : value,
  );
  expect(manifestDigest(ParcelManifestSchema.parse(turned))).toBe(manifest.digest);
});

test("the digest covers every member of a manifest", async () => {
  const manifest = await manifestOf("chat");
  const changes = {
    source_agentfile: "Other",
    courier: { kind: "custom" as const, reference: "dispatch/custom" },
    framework: { name: "x" },
    name: "other",
    version: null,
    entrypoint: null,
    schedules: ["* * * * *"],
    listeners: ["x"],
    ingress: { methods: [] },
    instructions: manifest.instructions.slice(1),
    inline_prompts: ["x"],
    env: [],
    secrets: [{ name: "X", required: false }],
    visibility: null,
    mounts: [{ kind: "memory" as const, driver: "none", options: [] }],
    tools: [{ kind: "builtin" as const, capability: "x" }],
    tests: [{ kind: "tool" as const, tool: "x" }],
    models: { ...manifest.models, routing: null },
    compaction: null,
    limits: [],
    timeouts: [],
    network: [{ action: "allow", target: "x", qualifiers: [] }],
    labels: {},
    files: [],
  };
  for (const [name, value] of Object.entries(changes)) {
    expect(digestMatches({ ...manifest, [name]: value }), name).toBe(false);
  }
  expect(Object.keys(changes).sort()).toEqual(
    Object.keys(ParcelManifestSchema.shape)
      .filter((name) => !["$schema", "format_version", "digest"].includes(name))
      .sort(),
  );
});

test("only labels of a binding may be added", async () => {
  const manifest = await manifestOf("chat-bound-by-host");
  expect(digestMatches({ ...manifest, labels: { ...manifest.labels, "dispatch.other": "x" } })).toBe(false);
  expect(digestMatches({ ...manifest, name: "other" })).toBe(false);
});

test("a manifest with everything in it prints as the host prints it", () => {
  const manifest = ParcelManifestSchema.parse({
    $schema: "https://serenorg.github.io/dispatch/schemas/parcel.v1.json",
    format_version: 1,
    digest: H,
    source_agentfile: 'a\u0001\u007f\u2028/"\\\n',
    courier: {
      component: { abi: "abi", sha256: H, packaged_path: "c.wasm" },
      reference: "dispatch/wasm",
      kind: "wasm",
    },
    framework: { target: "t", name: "f", version: null },
    schedules: [],
    listeners: [],
    ingress: { max_header_bytes: 2, methods: ["POST"], shared_secret_env: "S", path: null },
    instructions: [{ kind: "skill", packaged_path: "s", sha256: H, allowed_tools: [], skill_name: "n" }],
    inline_prompts: [],
    env: [],
    secrets: [],
    mounts: [],
    tools: [
      { kind: "a2a", alias: "a", url: "u", auth: { secret_name: "s", header_name: "h", scheme: "header" } },
      { kind: "mcp", server: "m" },
    ],
    tests: [],
    models: {
      fallbacks: [{ id: "f", options: {} }],
      primary: { id: "p", options: { b: "1", "10": "x", "9": "y", ﬀ: "2", "😀": "3" } },
    },
    compaction: { interval: "1" },
    limits: [],
    timeouts: [],
    network: [],
    labels: {},
    files: [],
  });
  const printed = `{
  "$schema": "https://serenorg.github.io/dispatch/schemas/parcel.v1.json",
  "format_version": 1,
  "source_agentfile": "a\\u0001\u007f\u2028/\\"\\\\\\n",
  "courier": {
    "kind": "wasm",
    "reference": "dispatch/wasm",
    "component": {
      "packaged_path": "c.wasm",
      "sha256": "${H}",
      "abi": "abi"
    }
  },
  "framework": {
    "name": "f",
    "target": "t"
  },
  "name": null,
  "version": null,
  "entrypoint": null,
  "schedules": [],
  "listeners": [],
  "ingress": {
    "methods": [
      "POST"
    ],
    "shared_secret_env": "S",
    "max_header_bytes": 2
  },
  "instructions": [
    {
      "kind": "skill",
      "packaged_path": "s",
      "sha256": "${H}",
      "skill_name": "n",
      "allowed_tools": []
    }
  ],
  "inline_prompts": [],
  "env": [],
  "secrets": [],
  "visibility": null,
  "mounts": [],
  "tools": [
    {
      "kind": "a2a",
      "alias": "a",
      "url": "u",
      "auth": {
        "scheme": "header",
        "header_name": "h",
        "secret_name": "s"
      },
      "approval": null,
      "risk": null,
      "description": null,
      "input_schema": null
    },
    {
      "kind": "mcp",
      "server": "m",
      "approval": null,
      "risk": null,
      "description": null
    }
  ],
  "tests": [],
  "models": {
    "primary": {
      "id": "p",
      "provider": null,
      "options": {
        "10": "x",
        "9": "y",
        "b": "1",
        "ﬀ": "2",
        "😀": "3"
      }
    },
    "fallbacks": [
      {
        "id": "f",
        "provider": null
      }
    ],
    "routing": null
  },
  "compaction": {
    "interval": "1"
  },
  "limits": [],
  "timeouts": [],
  "network": [],
  "labels": {},
  "files": []
}`;
  expect(manifestDigest(manifest)).toBe(createHash("sha256").update(printed).digest("hex"));
});
