import { describe, expect, test } from "vitest";
import { seededRandom } from "../../../../src/local/faults/seeded.ts";
import { data } from "../../../support/in-process/fake-transport.ts";
import { state, text } from "./rows.ts";
import { control, END, frame, NOTHING, RunService, stream } from "./run-service.ts";

const row = (sequence: number) => text(sequence, `word ${sequence} `);
const rows = (...sequences: number[]) => sequences.map(row);
const frames = (...sequences: number[]) => sequences.map((sequence) => frame(sequence, row(sequence)));
const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

/** The stream shows these; the log has those. */
function run(shown: number[], logged: number[]): RunService {
  const service = new RunService().opens(stream(...frames(...shown), END));
  service.log = rows(...logged);
  return service;
}

describe("numbers that are missing from the stream", () => {
  test.each([
    ["in the middle", [1, 2, 5, 6], upTo(6)],
    ["at the beginning", [3, 4], upTo(4)],
    ["from the beginning, numbered from zero", [2, 3], [0, 1, 2, 3]],
    ["again and again within a second", [1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 20], upTo(20)],
    ["many at once", [1, 1_200], upTo(1_200)],
  ])("are taken from the log: %s", async (_, shown, logged) => {
    const service = run(shown, logged);
    expect((await service.follow()).events).toEqual(rows(...logged));
    expect(service.left).toEqual(NOTHING);
  });

  test("are read where they are missing, not from the beginning", async () => {
    const service = run([...upTo(2_000), 2_005], upTo(2_005));
    expect((await service.follow()).events).toHaveLength(2_005);
    expect(service.reads).toEqual([1_999]);
  });

  test("what the log shows beyond is handed on too, and not repeated from the stream", async () => {
    const service = run([1, 3, 4, 5, 6, 8], upTo(8));
    expect((await service.follow()).events).toEqual(rows(...upTo(8)));
    expect(service.reads).toEqual([0]);
  });

  test("come in order however the frames were shuffled", async () => {
    for (let seed = 1; seed <= 200; seed += 1) {
      const random = seededRandom(seed);
      const shuffled = upTo(12)
        .filter(() => random() > 0.2)
        .map((sequence) => ({ sequence, rank: sequence + random() * 5 }))
        .sort((a, b) => a.rank - b.rank)
        .flatMap(({ sequence }) => (random() < 0.2 ? [sequence, sequence] : [sequence]));
      const service = run([...shuffled, 13], upTo(13));
      expect((await service.follow()).events, `seed ${seed}: ${shuffled}`).toEqual(rows(...upTo(13)));
    }
  });

  test("come in their place, and once, when the log writes some numbers as another type", async () => {
    for (const logged of [upTo(9), [1, 3, 4, 6, 9]]) {
      for (let odd = 0; odd < 2 ** (logged.length - 2); odd += 1) {
        const service = run([1, 9], logged);
        service.log = logged.map((sequence, index) =>
          index > 0 && odd & (2 ** (index - 1)) ? { ...row(sequence), sequence_number: [sequence] } : row(sequence),
        );
        service.log[logged.length - 1] = row(9);
        const { events } = await service.follow();
        expect(
          events.map((event) => (event as { text: string }).text),
          `${logged}: ${odd}`,
        ).toEqual(rows(...logged).map(({ text }) => text));
      }
    }
  });

  test("come in their place, and once, when the first ones of the log have no number that can be read", async () => {
    for (const logged of [upTo(6), [2, 3, 6]]) {
      for (let odd = 1; odd < logged.length - 1; odd += 1) {
        const service = run([6], logged);
        service.log = logged.map((sequence, index) =>
          index < odd ? { ...row(sequence), sequence_number: "first" } : row(sequence),
        );
        const { events } = await service.follow();
        expect(
          events.map((event) => (event as { text: string }).text),
          `${logged}: ${odd}`,
        ).toEqual(rows(...logged).map(({ text }) => text));
      }
    }
  });

  test("after events without a number are taken from the log, and those are not repeated", async () => {
    for (const odd of [[2], [2, 3], [3], [2, 3, 4]]) {
      for (const last of [5, 6, 7]) {
        const shown = [1, 2, 3, 4, last].map((sequence) =>
          odd.includes(sequence) ? { ...row(sequence), sequence_number: "odd" } : row(sequence),
        );
        const service = new RunService().opens(stream(...shown.map((event) => control("run.event", event)), END));
        service.log = rows(...upTo(last));
        const { events } = await service.follow();
        expect(
          events.map((event) => (event as { text: string }).text),
          `${odd} ${last}`,
        ).toEqual(rows(...upTo(last)).map(({ text }) => text));
      }
    }
  });

  test("that the log shows only later are waited for", async () => {
    const service = run([1, 4], [1]);
    const start = service.harness.ambient.now();
    service.harness.transport.on("GET /runs/*/events", () =>
      data(service.harness.ambient.now() - start < 700 ? rows(1) : rows(1, 2, 3), { hasMore: false }),
    );
    expect((await service.follow()).events).toEqual(rows(1, 2, 3, 4));
  });

  test("that the log never shows delay nothing for long", async () => {
    const service = run([1, 4, 5], [1]);
    const start = service.harness.ambient.now();
    expect((await service.follow()).events).toEqual(rows(1, 4, 5));
    expect(service.harness.ambient.now() - start).toBe(1_750);
  });

  test.each([
    ["is refused", () => ({ status: 403 })],
    ["is not offered", () => ({ status: 501 })],
    ["cannot be read", () => ({ body: "<html>" })],
    ["is away", () => ({ status: 503 })],
  ])("of a log that %s do not end the following", async (_, reply) => {
    const service = run([1, 4, 5], []);
    service.harness.transport.on("GET /runs/*/events", reply);
    expect(await service.follow()).toMatchObject({ events: rows(1, 4, 5), end: { complete: true } });
    expect(service.left).toEqual(NOTHING);
  });

  test("a log without numbers is not searched", async () => {
    const service = run([1, 4, 5], []);
    service.log = Array(1_200).fill(text(null, "x"));
    expect((await service.follow()).events).toEqual(rows(1, 4, 5));
    expect(service.reads).toHaveLength(1);
  });

  test("a log that announces more and shows nothing is not read endlessly", async () => {
    const service = run([1, 4], [1]);
    service.harness.transport.on("GET /runs/*/events", () => data([], { hasMore: true }));
    expect((await service.follow()).events).toEqual(rows(1, 4));
    expect(service.reads.length).toBeLessThan(10);
  });
});

describe("gaps that the log has too", () => {
  test("are not a loss", async () => {
    const holed = [1, 2, 5, 9, 10];
    const service = run(holed, holed);
    const start = service.harness.ambient.now();
    expect((await service.follow()).events).toEqual(rows(...holed));
    expect(service.harness.ambient.now()).toBe(start);
  });

  test("in a long replay cost one request a page", async () => {
    const holed = upTo(3_000).map((sequence) => sequence * 2);
    const service = run(holed, holed);
    expect((await service.follow()).events).toHaveLength(3_000);
    expect(service.reads.length).toBeLessThanOrEqual(7);
  });

  test("in a live run are read once a second, after several of them were empty", async () => {
    const service = new RunService();
    const holed = upTo(100).map((sequence) => sequence * 2);
    const steps = holed.flatMap((sequence) => [...frames(sequence), { waitMs: 100 }]);
    service.opens(stream(...steps, END));
    const start = service.harness.ambient.now();
    service.harness.transport.on("GET /runs/*/events", ({ query, at }) => {
      const log = rows(...holed.slice(0, Math.floor((at - start) / 100) + 1));
      return data(log.slice(Number(query.get("offset"))), { hasMore: false });
    });
    expect((await service.follow()).events).toHaveLength(100);
    expect(service.reads.length).toBeLessThanOrEqual(16);
  });

  test("the log read in pages, more of them than were counted", async () => {
    const holed = upTo(40).map((sequence) => sequence * 3);
    const service = run([3, ...holed.slice(-2)], holed);
    service.pageSize = 7;
    expect((await service.follow()).events).toEqual(rows(...holed));
  });
});

describe("a frame that cannot be read", () => {
  const broken = (id: string) => `id: ${id}\nevent: run.event\ndata: {"sequence_number":${id},"ty\n\n`;

  test("is read from the log at once, with what is missing before it", async () => {
    const service = new RunService().opens(stream(...frames(1), broken("4"), ...frames(5), END));
    service.log = rows(...upTo(5));
    const start = service.harness.ambient.now();
    expect((await service.follow()).events).toEqual(rows(...upTo(5)));
    expect(service.harness.ambient.now()).toBe(start);
  });

  test("that is the newest is read from the log at once too", async () => {
    const service = new RunService().opens(stream(...frames(1), broken("2"), END));
    service.log = rows(1, 2);
    const start = service.harness.ambient.now();
    expect((await service.follow()).events).toEqual(rows(1, 2));
    expect(service.harness.ambient.now()).toBe(start);
  });

  test("that the log does not have either is skipped, so that it is not replayed again", async () => {
    const service = new RunService().opens(stream(...frames(1), broken("2"), "cut"), stream(...frames(3), END));
    service.log = rows(1);
    expect((await service.follow()).events).toEqual(rows(1, 3));
    expect(service.cursors).toEqual([undefined, "2"]);
  });

  test("that was seen is ignored", async () => {
    const service = new RunService().opens(stream(...frames(1, 2), broken("2"), broken("1"), ...frames(3), END));
    expect((await service.follow()).events).toEqual(rows(1, 2, 3));
    expect(service.reads).toEqual([]);
  });

  test("without a number keeps its place", async () => {
    const bare = (word: string) => `event: run.event\ndata: ${JSON.stringify(text(null, word))}\n\n`;
    const spoilt = "event: run.event\ndata: {oops\n\n";
    const service = new RunService().opens(
      stream(bare("a"), spoilt, bare("c"), "cut"),
      stream(bare("a"), bare("b"), bare("c"), bare("d"), END),
    );
    expect((await service.follow()).events).toEqual([text(null, "a"), text(null, "c"), text(null, "d")]);
  });

  test("of an unknown name moves the cursor past its number, and what is missing before it is read", async () => {
    const odd = "id: 4\nevent: run.metrics\ndata: {}\n\n";
    const service = new RunService().opens(stream(...frames(1), odd, "cut"), stream(...frames(5), END));
    service.log = rows(1, 2, 3, 5);
    expect((await service.follow()).events).toEqual(rows(1, 2, 3, 5));
    expect(service.cursors).toEqual([undefined, "5"]);
  });
});

describe("events without numbers", () => {
  const bare = (word: string) => text(null, word);
  const unnamed = (word: string) => `data: ${JSON.stringify(bare(word))}\n\n`;

  test("equal ones within one connection are all handed on, and not repeated after a cut", async () => {
    const words = ["a", "a", "b", "a", "a"];
    const service = new RunService().opens(
      stream(...words.slice(0, 3).map(unnamed), "cut"),
      stream(...words.slice(0, 4).map(unnamed), "end"),
      stream(...words.map(unnamed), END),
    );
    expect((await service.follow()).events).toEqual(words.map(bare));
    expect(service.cursors).toEqual([undefined, undefined, undefined]);
  });

  test.each([
    ["the log numbers them", (word: string, index: number) => text(index + 1, word)],
    ["the log does not number them either", (word: string) => bare(word)],
  ])("handed over to polling are not doubled: %s", async (_, logRow) => {
    const words = ["a", "a", "b", "c"];
    const service = new RunService().opens(stream(...words.slice(0, 2).map(unnamed), "cut"), { status: 405 });
    service.log = words.map(logRow);
    service.state = () => state({ terminal: service.reads.length > 2, latest_sequence: 4 });
    const { events } = await service.follow();
    expect(events.map((event) => (event as { text: string }).text)).toEqual(words);
  });

  test("numbered by their ids only, and not in the log, are not doubled by polling", async () => {
    const words = ["a", "b", "c"];
    const wire = words.map((word, index) => `id: ${index + 1}\ndata: ${JSON.stringify(bare(word))}\n\n`);
    const service = new RunService().opens(stream(...wire.slice(0, 2), "cut"), { status: 405 });
    service.log = words.map(bare);
    service.state = () => state({ terminal: service.reads.length > 2, latest_sequence: 3 });
    expect((await service.follow()).events).toEqual(words.map(bare));
  });
});
