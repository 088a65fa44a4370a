/** A create call that something else answers. */
import { expect, test } from "vitest";
import { MemoryNotes } from "../../../../src/core/deployment/deployment-notes.ts";
import { makeDeployment } from "../../../../src/core/deployment/make-deployment.ts";
import { data } from "../../../support/in-process/fake-transport.ts";
import { clientHarness } from "../../seren/client/harness.ts";

const BODY = { mode: "job", skill_slug: "s", name: "n", workload: { execution: { type: "llm", bundle: {} } } } as const;

test.each([
  ["a redirect", { status: 302, body: "", headers: { location: "http://portal.example/" } }, /portal\.example/],
  ["a gateway's page", { status: 502, body: "<html>bad gateway</html>" }, /502/],
])("%s in the place of its answer is named", async (_, answer, words) => {
  const { ambient, client, transport } = clientHarness();
  transport.on("GET /deployments", () => data([]));
  transport.on("POST /deploy", () => answer);
  const made = makeDeployment({
    client,
    notes: new MemoryNotes(),
    target: { name: "n", create: () => BODY },
    listed: [],
    signal: new AbortController().signal,
  });
  const failure = await ambient.runUntil(made.then(undefined, (error: Error) => error));
  expect(failure).toMatchObject({ kind: "unavailable", message: expect.stringMatching(words) });
});
