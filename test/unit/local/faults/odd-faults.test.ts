/** The fault kind `odd`: one member of an answer is changed to another JSON type. */
import { describe, expect, test } from "vitest";
import { type FaultPlan, PUBLISHER_PREFIX } from "../../../../src/local/index.ts";
import { Calls } from "../../../support/in-process/local-calls.ts";

const plan = (...rules: FaultPlan["rules"]): FaultPlan => ({ rules });

describe("a JSON answer", () => {
  test("has the member that the rule names changed, and nothing else", async () => {
    const calls = new Calls({
      faults: plan({
        kind: "odd",
        where: "deployments",
        path: "data[].created_at",
        oddity: "numbers",
        after: 1,
        times: 1,
      }),
    });
    await calls.deploy();
    const [before, odd, after] = [
      await calls.get("/deployments"),
      await calls.get("/deployments"),
      await calls.get("/deployments"),
    ];
    expect(odd.status).toBe(200);
    expect(odd.body.data).toEqual([{ ...before.body.data[0], created_at: [2026, 331, 7, 45, 12, 123_456_000] }]);
    expect(after.body).toEqual(before.body);
  });

  test("has a member of its own drawn for each request, from the plan's seed", async () => {
    const paths = async (seed: number) => {
      const drawn: string[] = [];
      const calls = new Calls({
        faults: { seed, rules: [{ kind: "odd", where: "deployment" }] },
        onOdd: ({ operation, path, oddity }) => drawn.push(`${operation} ${path} ${oddity}`),
      });
      const id = await calls.deploy();
      const clean = await calls.cloud.withoutFaults().handle({
        method: "GET",
        path: `${PUBLISHER_PREFIX}/deployments/${id}`,
        headers: { authorization: "Bearer seren_test" },
        body: undefined,
      });
      const whole = clean.drop ? undefined : JSON.parse(String(clean.body));
      expect(whole).toMatchObject({ data: { id } });
      for (let i = 0; i < 30; i += 1) expect((await calls.get(`/deployments/${id}`)).body).not.toEqual(whole);
      return drawn;
    };
    const drawn = await paths(5);
    expect(drawn).toHaveLength(30);
    expect(new Set(drawn).size).toBeGreaterThan(20);
    expect(await paths(5)).toEqual(drawn);
    expect(await paths(6)).not.toEqual(drawn);
  });

  test("keeps what the rule spares", async () => {
    const calls = new Calls({ faults: plan({ kind: "odd", where: "record", spare: ["id", "status"] }) });
    const run = await calls.start(await calls.deploy(), [{ text: "a" }, { hang: true }]);
    for (let i = 0; i < 60; i += 1) expect((await calls.record(run)) as object).toMatchObject({ id: run });
  });

  test("may have several odd members, and be lost or wrapped as well", async () => {
    const calls = new Calls({
      faults: plan(
        { kind: "odd", where: "deployments", path: "data[].name", oddity: "null" },
        { kind: "odd", where: "deployments", path: "data[].mode", oddity: "absent" },
        { kind: "wrap", where: "deployments", form: "object" },
      ),
    });
    await calls.deploy();
    const [row] = (await calls.get("/deployments")).body.data.body.data;
    expect(row.name).toBeNull();
    expect(row).not.toHaveProperty("mode");
  });

  test("that reports an error is left alone, and so is one that is no JSON", async () => {
    const calls = new Calls({ faults: plan({ kind: "odd", where: "any" }) });
    expect((await calls.get("/runs/0c0ffee0-0000-4000-8000-00000000000a")).body).toEqual({
      error: "NotFound",
      message: "Run not found",
    });
    const uploaded = await calls.send("PUT", "/local-uploads/nothing", new Uint8Array([1]), {
      "content-type": "application/gzip",
    });
    expect(uploaded.body).toMatch(/^<\?xml/);
  });
});

describe("the frames of a stream", () => {
  const STEPS = [
    { text: "a" },
    { tool: "grep", args: { q: 1 }, result: "x" },
    { tool: "cat", result: "y" },
    { text: "b" },
  ];

  async function stream(...rules: FaultPlan["rules"]) {
    const calls = new Calls({ faults: { seed: 9, rules } });
    const run = await calls.start(await calls.deploy(), STEPS);
    const frames = await calls.frames(run);
    return { calls, run, frames: frames.map(({ name, id, data }) => ({ name, id, value: JSON.parse(data) })) };
  }

  test("of the kind that the rule names have the member changed", async () => {
    const { frames } = await stream(
      { kind: "odd", where: "stream", frame: "run.event/tool_call", path: "arguments", oddity: "object" },
      { kind: "odd", where: "stream", frame: "end", path: "last_sequence", oddity: "string" },
    );
    const calls = frames.filter(({ value }) => value.type === "tool_call");
    expect(calls.map(({ value }) => value.arguments)).toEqual([{ odd: "member" }, { odd: "member" }]);
    expect(frames.at(-1)).toMatchObject({ name: "end", value: { last_sequence: "odd", status: "completed" } });
    expect(frames.filter(({ value }) => value.type === "text").map(({ value }) => value.text)).toEqual(["a", "b"]);
    expect(frames.every(({ name, id }) => name !== "run.event" || id !== undefined)).toBe(true);
  });

  test("of every kind are meant when the rule names none", async () => {
    const { frames } = await stream({ kind: "odd", where: "stream", path: "status", oddity: "number" });
    expect(
      frames.filter(({ name }) => name === "run.state" || name === "end").map(({ value }) => value.status),
    ).not.toContain("completed");
  });

  test("have one member of one kind drawn for each stream", async () => {
    const seen = new Set<string>();
    const calls = new Calls({
      faults: plan({ kind: "odd", where: "stream" }),
      onOdd: ({ operation, frame, path }) => seen.add(`${operation} ${frame} ${path}`),
    });
    const run = await calls.start(await calls.deploy(), STEPS);
    await calls.ambient.advanceUntilIdle();
    for (let i = 0; i < 40; i += 1) {
      const before = seen.size;
      const frames = await calls.frames(run);
      expect(frames.at(-1)?.name).toBe("end");
      expect(seen.size - before).toBeLessThanOrEqual(1);
    }
    const kinds = new Set([...seen].map((line) => line.split(" ")[1]));
    for (const kind of ["run.event/text", "run.event/tool_call", "run.state"]) expect(kinds).toContain(kind);
  });
});

test.each([
  [{ kind: "odd", where: "record", frame: "end" }],
  [{ kind: "odd", where: "stream", frame: "never" }],
  [{ kind: "odd", where: "stream", frame: "run.event/" }],
  [{ kind: "odd", where: "stream", oddity: "purple" }],
  [{ kind: "odd", where: "stream", path: "" }],
])("%j is refused", (rule) => {
  expect(() => new Calls({ faults: { rules: [rule as unknown as FaultPlan["rules"][number]] } })).toThrow();
});
