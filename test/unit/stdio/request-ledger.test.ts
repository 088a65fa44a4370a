import { expect, test } from "vitest";
import { RequestLedger } from "../../../src/stdio/request-ledger.ts";

test("equal ids get different internal ids and are returned as they were sent", () => {
  const ledger = new RequestLedger();
  const [number, again, text] = [ledger.open(1), ledger.open(1), ledger.open("1")];
  expect(new Set([number.internalId, again.internalId, text.internalId]).size).toBe(3);
  expect(ledger.claim(text.internalId)?.id).toBe("1");
  expect(ledger.claim(number.internalId)?.id).toBe(1);
  expect(ledger.claim(again.internalId)?.id).toBe(1);
});

test("a reply can be claimed once", () => {
  const ledger = new RequestLedger();
  const request = ledger.open(1);
  expect(ledger.claim(request.internalId)).toBe(request);
  expect(ledger.claim(request.internalId)).toBeUndefined();
  ledger.settle(request, true);
  expect(ledger.claim(request.internalId)).toBeUndefined();
  expect(ledger.claim(999)).toBeUndefined();
});

test("listeners are called once with the outcome, late ones at once", () => {
  const ledger = new RequestLedger();
  const heard: [string, boolean][] = [];
  const [sent, lost] = [ledger.open(1), ledger.open(2)];
  ledger.onSettled(sent, (genuine) => heard.push(["sent", genuine]));
  ledger.onSettled(lost, (genuine) => heard.push(["lost", genuine]));
  ledger.settle(sent, true);
  ledger.settle(sent, false);
  ledger.settle(lost, false);
  ledger.onSettled(sent, (genuine) => heard.push(["sent, late", genuine]));
  ledger.onSettled(lost, (genuine) => heard.push(["lost, late", genuine]));
  expect(heard).toEqual([
    ["sent", true],
    ["lost", false],
    ["sent, late", true],
    ["lost, late", false],
  ]);
});

test("a request counts as open until its reply is in the pipe", async () => {
  const ledger = new RequestLedger();
  const order: string[] = [];
  await ledger.allAnswered();
  const [first, second] = [ledger.open(1), ledger.open(1)];
  const started = ledger.allStarted().then(() => order.push("started"));
  const answered = ledger.allAnswered().then(() => order.push("answered"));
  ledger.start(first);
  ledger.claim(first.internalId);
  ledger.settle(first, true);
  expect(ledger.unanswered).toBe(1);
  await Promise.resolve();
  expect(order).toEqual([]);
  ledger.start(second);
  await started;
  ledger.claim(second.internalId);
  expect(ledger.unanswered).toBe(1);
  ledger.settle(second, false);
  await answered;
  expect(order).toEqual(["started", "answered"]);
  expect(ledger.unanswered).toBe(0);
});

test("abandons open requests only", () => {
  const ledger = new RequestLedger();
  const abandoned: number[] = [];
  for (const id of [1, 2, 3]) {
    const request = ledger.open(id);
    request.abandon = () => void abandoned.push(id);
    if (id === 2) ledger.settle(request, true);
  }
  ledger.open(4);
  ledger.abandonAll();
  expect(abandoned).toEqual([1, 3]);
});
