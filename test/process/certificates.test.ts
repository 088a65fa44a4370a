/** What is said about a certificate that is not accepted, by every command and by `doctor`. Needs openssl on the PATH. */
import { type AddressInfo, createServer } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { Authority, hasOpenssl } from "../support/child-process/authority.ts";
import { API_KEY } from "../support/child-process/child.ts";
import { startTunnel } from "../support/child-process/proxy.ts";
import { startTerminal } from "../support/child-process/terminal-child.ts";

type Findings = { id: string; detail: string; fix?: string }[];

/** What stands on the line, whoever the certificate is for. */
const KINDS = [
  {
    what: "of an authority that is not known",
    trusted: false,
    words:
      "comes from an authority that is not known here; .* set NODE_EXTRA_CA_CERTS to the file .* \\(UNABLE_TO_[A-Z_]+\\)",
  },
  {
    what: "that has expired",
    leaf: { days: -1 },
    words: "expired on .*; check this machine's clock.* \\(CERT_HAS_EXPIRED\\)",
  },
  {
    what: "for another host",
    leaf: { host: "else.example" },
    words: "is for DNS:else\\.example, and not for this host; .* \\(ERR_TLS_CERT_ALTNAME_INVALID\\)",
  },
];

describe.runIf(hasOpenssl)("a certificate, made by openssl,", () => {
  const named = (host: string, words: string) =>
    new RegExp(`the certificate of ${host}, issued by Test Authority, ${words}$`, "m");

  /** Checks what every command and `doctor` say. */
  async function expectNamed(env: Record<string, string>, words: RegExp): Promise<void> {
    const [agents, doctor] = await Promise.all([
      startTerminal({ ...env, SEREN_API_KEY: API_KEY }, ["agents"]).ended,
      startTerminal({ ...env, SEREN_API_KEY: API_KEY }, ["doctor", "--json"]).ended,
    ]);
    expect(agents).toMatchObject({ code: 4, stdout: "", stderr: expect.stringMatching(words) });
    const api = (JSON.parse(doctor.stdout) as Findings).find(({ id }) => id === "api");
    expect(api?.detail).toMatch(words);
    expect(api?.fix ?? "").not.toContain("HTTPS_PROXY");
  }

  test.each([
    ["a file that does not exist", "/nowhere.pem", "/nowhere.pem does not exist"],
    ["a file without a certificate", process.execPath, "holds no certificate in PEM form|is larger than"],
    ["a folder", "/", "/ cannot be read: it is a folder"],
  ])("doctor names NODE_EXTRA_CA_CERTS where it is %s", async (_, value, words) => {
    const authority = new Authority("Test Authority");
    const env = { SEREN_API_BASE: await authority.serve(), SEREN_API_KEY: API_KEY, NODE_EXTRA_CA_CERTS: value };
    const { stdout } = await startTerminal(env, ["doctor", "--json"]).ended;
    const findings = JSON.parse(stdout) as Findings;
    const found = findings.find(({ id }) => id === "authorities");
    expect(found?.detail).toMatch(new RegExp(`^NODE_EXTRA_CA_CERTS is set, but .*(?:${words})`));
    expect(findings.find(({ id }) => id === "api")?.detail).toContain("`seren-bridge doctor` checks that file");
  });

  test("doctor has nothing to say against a file with a certificate", async () => {
    const authority = new Authority("Test Authority");
    const env = {
      SEREN_API_BASE: await authority.serve(),
      SEREN_API_KEY: API_KEY,
      NODE_EXTRA_CA_CERTS: authority.certificate,
    };
    const { stdout } = await startTerminal(env, ["doctor", "--json"]).ended;
    const found = (JSON.parse(stdout) as Findings).find(({ id }) => id === "authorities");
    expect(found?.detail).toBe(`also those in ${authority.certificate}`);
  });

  test.each(KINDS)("$what is named with the reason and the fix", async ({ leaf, trusted = true, words }) => {
    const authority = new Authority("Test Authority");
    const env = {
      SEREN_API_BASE: await authority.serve(leaf),
      ...(trusted ? { NODE_EXTRA_CA_CERTS: authority.certificate } : {}),
    };
    await expectNamed(env, named(leaf?.host ?? "localhost", words));
  });

  test.each(KINDS)("$what is named behind a proxy", async ({ leaf, trusted = true, words }) => {
    const authority = new Authority("Test Authority");
    const host = leaf?.host ?? "seren.test";
    const env = {
      SEREN_API_BASE: "https://seren.test",
      HTTPS_PROXY: await startTunnel(await authority.serve({ ...leaf, host })),
      ...(trusted ? { NODE_EXTRA_CA_CERTS: authority.certificate } : {}),
    };
    await expectNamed(env, named(host, words));
  });

  test.each(KINDS)("$what is named as that of the proxy", async ({ leaf, trusted = true, words }) => {
    const authority = new Authority("Test Authority");
    const proxy = await startTunnel(await authority.serve(), authority.issue(leaf));
    const env = {
      SEREN_API_BASE: "https://seren.test",
      HTTPS_PROXY: proxy,
      ...(trusted ? { NODE_EXTRA_CA_CERTS: authority.certificate } : {}),
    };
    const { stderr } = await startTerminal({ ...env, SEREN_API_KEY: API_KEY }, ["agents"]).ended;
    expect(stderr).toContain(`the proxy ${new URL(proxy).host} (HTTPS_PROXY): the certificate of `);
    expect(stderr).toMatch(named(leaf?.host ?? "localhost", words));
  });

  test("of a proxy is accepted where NODE_EXTRA_CA_CERTS names its authority", async () => {
    const authority = new Authority("Test Authority");
    const env = {
      SEREN_API_BASE: "https://seren.test",
      HTTPS_PROXY: await startTunnel(await authority.serve({ host: "seren.test" }), authority.issue()),
      NODE_EXTRA_CA_CERTS: authority.certificate,
    };
    expect(await startTerminal({ ...env, SEREN_API_KEY: API_KEY }, ["agents"]).ended).toMatchObject({ code: 0 });
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
