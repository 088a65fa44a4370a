/** What is said about a certificate that is not accepted, by every command and by `doctor`. Needs openssl on the PATH. */
import { type AddressInfo, createServer } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { Authority, hasOpenssl } from "../support/child-process/authority.ts";
import { API_KEY } from "../support/child-process/child.ts";
import { startTerminal } from "../support/child-process/terminal-child.ts";

describe.runIf(hasOpenssl)("a certificate, made by openssl,", () => {
  test.each([
    [
      "of an authority that is not known",
      {},
      false,
      /the certificate of localhost, issued by Test Authority, comes from an authority that is not known here; .* set NODE_EXTRA_CA_CERTS to the file .* \(UNABLE_TO_[A-Z_]+\)$/m,
    ],
    [
      "that has expired",
      { days: -1 },
      true,
      /the certificate of localhost, issued by Test Authority, expired on .*; check this machine's clock.* \(CERT_HAS_EXPIRED\)$/m,
    ],
    [
      "for another host",
      { host: "else.example" },
      true,
      /the certificate of else\.example, issued by Test Authority, is for DNS:else\.example, and not for this host; .* \(ERR_TLS_CERT_ALTNAME_INVALID\)$/m,
    ],
  ])("%s is named with the reason and the fix", async (_, leaf, trusted, words) => {
    const authority = new Authority("Test Authority");
    const env = {
      SEREN_API_BASE: await authority.serve(leaf),
      SEREN_API_KEY: API_KEY,
      ...(trusted ? { NODE_EXTRA_CA_CERTS: authority.certificate } : {}),
    };
    const [agents, doctor] = await Promise.all([
      startTerminal(env, ["agents"]).ended,
      startTerminal(env, ["doctor", "--json"]).ended,
    ]);
    expect(agents).toMatchObject({ code: 4, stdout: "", stderr: expect.stringMatching(words) });
    const findings = JSON.parse(doctor.stdout) as { id: string; detail: string; fix?: string }[];
    const api = findings.find(({ id }) => id === "api");
    expect(api?.detail).toMatch(words);
    expect(api?.fix ?? "").not.toContain("HTTPS_PROXY");
  });

  test("of an authority that NODE_EXTRA_CA_CERTS names is accepted", async () => {
    const authority = new Authority("Test Authority");
    const env = { SEREN_API_BASE: await authority.serve(), NODE_EXTRA_CA_CERTS: authority.certificate };
    expect(await startTerminal({ ...env, SEREN_API_KEY: API_KEY }, ["agents"]).ended).toMatchObject({ code: 0 });
  });
});

test("a server that does not speak TLS is named", async () => {
  const { startCloud } = await import("../support/child-process/cloud.ts");
  const { env } = await startCloud();
  const base = env.SEREN_API_BASE.replace("http:", "https:");
  const { stderr } = await startTerminal({ ...env, SEREN_API_BASE: base }, ["agents"]).ended;
  expect(stderr).toContain("what answers does not speak TLS");
});

test("a server that does not speak HTTP is named", async () => {
  const server = createServer((socket) => void socket.end("SSH-2.0-OpenSSH_9.9\r\n").on("error", () => undefined));
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { stderr } = await startTerminal({ SEREN_API_BASE: base, SEREN_API_KEY: API_KEY }, ["agents"]).ended;
  expect(stderr).toContain("what answers does not speak HTTP");
});
