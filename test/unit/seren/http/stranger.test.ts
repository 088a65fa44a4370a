/** Answers that are not the service's: what is said about them, and that the key is not blamed. */
import { describe, expect, test } from "vitest";
import { toFailure } from "../../../../src/seren/http/problem.ts";
import { strangerWords } from "../../../../src/seren/http/stranger.ts";
import type { HttpResponse } from "../../../../src/seren/http/transport.ts";
import { PATIENT } from "../../../support/in-process/patient.ts";
import { VirtualAmbient } from "../../../support/in-process/virtual-ambient.ts";
import { clientHarness } from "../client/harness.ts";

const PAGE = "<!DOCTYPE html><html><body>Log in</body></html>";
const answer = (status: number, body = "", headers: Record<string, string> = {}): HttpResponse => ({
  status,
  headers,
  body,
});

describe("something else answers", () => {
  test.each<[string, HttpResponse, RegExp]>([
    [
      "a captive portal",
      answer(200, PAGE),
      /^a web page answers in Seren Cloud's place \(HTTP 200\); log in to the network/,
    ],
    ["its page by content type", answer(200, "Welcome", { "content-type": "text/html; charset=utf-8" }), /^a web page/],
    [
      "a firewall",
      answer(403, PAGE),
      /^a firewall or gateway in front of Seren Cloud refuses the request \(HTTP 403\), so the key was not judged/,
    ],
    ["a login of a gateway", answer(401, `\ufeff\n${PAGE}`), /^a firewall or gateway/],
    [
      "single sign-on",
      answer(302, "", { location: "https://sso.example/login?state=secret#x" }),
      /sends us to https:\/\/sso\.example\/login \(HTTP 302\)/,
    ],
    ["a redirect without a target", answer(307), /sends us elsewhere \(HTTP 307\)/],
    ["a redirect to a script", answer(307, "", { location: "javascript:alert(1)" }), /sends us elsewhere \(HTTP 307\)/],
    [
      "a redirect to odd bytes",
      answer(302, "", { location: "/a\u001b]52;c;\u0007b" }),
      /sends us to \/a\]52;c;b \(HTTP 302\)/,
    ],
    [
      "a gateway that does not reach it",
      answer(522, "error code: 522"),
      /does not reach it \(HTTP 522\); neither your key nor your network/,
    ],
    [
      "a portal that answers in XML",
      answer(200, '<?xml version="1.0"?>\n<WISPAccessGatewayParam/>'),
      /^a web page answers/,
    ],
    ["a portal that says XML", answer(200, "ok", { "content-type": "application/xml" }), /^a web page answers/],
    ["a page that begins with a comment", answer(403, "<!-- blocked --><p>No"), /^a firewall or gateway/],
    [
      "a proxy that nobody set",
      answer(407, "need auth", { "proxy-authenticate": "Negotiate" }),
      /^a proxy on the way wants a user and a password \(HTTP 407\); set HTTPS_PROXY/,
    ],
    ["a network that wants a login", answer(511, PAGE), /wants a login before it lets anything through/],
  ])("%s", (_, response, words) => {
    expect(strangerWords(response)).toMatch(words);
  });

  test.each([
    ["the service's refusal", answer(403, '{"error":"forbidden"}')],
    ["its 401 without a body", answer(401)],
    ["its 502 as a page", answer(502, PAGE)],
    ["an answer that mentions a tag", answer(200, '{"data":"<html>"}')],
  ])("not for %s", (_, response) => {
    expect(strangerWords(response)).toBeUndefined();
  });

  test("the failure keeps its kind and says that the key was not judged", () => {
    const failure = toFailure(answer(403, PAGE), { subject: "the run", ambient: new VirtualAmbient(1) });
    expect(failure).toMatchObject({ kind: "forbidden", details: { status: 403, byStranger: true } });
  });

  test("a page in place of a list, a record and a ping is named", async () => {
    const { transport, client } = clientHarness();
    for (const route of ["GET /deployments", "GET /runs/*", "GET /runs/*/state"]) {
      transport.on(route, () => ({ body: PAGE, headers: { "content-type": "text/html" } }));
    }
    for (const call of [client.listDeployments(PATIENT), client.getRun("r", PATIENT), client.ping(PATIENT)]) {
      await expect(call).rejects.toMatchObject({ kind: "contract", details: { byStranger: true } });
    }
  });

  test("a page has cancelled, resumed, deleted and decided nothing, whatever its status says", async () => {
    const { transport, client } = clientHarness();
    const id = "00000000-0000-4000-8000-000000000000";
    for (const route of [
      `POST /runs/${id}/cancel`,
      `POST /runs/${id}/resume`,
      `DELETE /deployments/${id}`,
      `POST /deployments/${id}/stop`,
    ]) {
      transport.on(route, () => ({ body: PAGE, headers: { "content-type": "text/html" } }));
    }
    for (const call of [
      client.cancelRun(id),
      client.resumeRun(id),
      client.deleteDeployment(id, PATIENT),
      client.stopDeployment(id, PATIENT),
    ]) {
      await expect(call).rejects.toMatchObject({ kind: "contract", details: { byStranger: true } });
    }
    transport.on(`DELETE /deployments/${id}`, () => ({ body: "", headers: { "content-type": "text/html" } }));
    await client.deleteDeployment(id, PATIENT); // an empty answer has no type of its own
  });
});

test.each([
  [429, "5", "Seren Cloud's rate limit was reached"],
  [429, "90", "Seren Cloud's rate limit was reached; it asks to wait 90 seconds"],
  [429, "600", "Seren Cloud's rate limit was reached; it asks to wait 10 minutes"],
  [429, "86400", "Seren Cloud's rate limit was reached; it asks to wait 24 hours"],
  [429, "999999999", "Seren Cloud's rate limit was reached; it asks to wait 11575 days"],
  [503, "7200", "Seren Cloud is not available right now (HTTP 503); it asks to wait 2 hours"],
])("HTTP %i with Retry-After %s: %s", (status, value, message) => {
  expect(
    toFailure(answer(status, "", { "retry-after": value }), { subject: "x", ambient: new VirtualAmbient(1) }).message,
  ).toBe(message);
});
