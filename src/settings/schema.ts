/**
 * The one place that says what can be set: each key of the configuration file with its type, the variable of the environment
 * that comes before it, and the words for people. The file's reader, the example, the JSON Schema, `seren-bridge config` and
 * the tests of the documentation read it.
 */
import * as z from "zod";
import { NOTICE_EVENTS } from "../core/index.ts";

/** What a key has besides its type. */
export interface About {
  /** The variable that comes before the key. */
  variable?: string;
  description: string;
  /** A value for the example file. */
  examples: [unknown];
  /** The value must not be seen by others, so neither may the file be: always, or when the address has a password. */
  secret?: "always" | "password";
}

const setting = <T extends z.ZodType>(type: T, about: About) => type.meta({ ...about }).optional();
const word = () => z.string("has to be a text in quotes").trim().min(1, "is empty; leave the key out");
const name = () =>
  z
    .string("has to be a list of texts")
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "holds something that is not the name of a variable");
const dollars = () => z.number("has to be an amount in dollars, such as 1.50").max(1_000_000, "is too much");
const amount = () => dollars().positive("has to be more than 0");
const limit = () => dollars().min(0, "is less than 0");
const count = () =>
  z
    .number("has to be a whole number")
    .int("has to be a whole number")
    .min(0, "is less than 0")
    .max(1_000_000, "is too much");

/** The front ends that start runs. */
const HOSTS = ["dispatch", "roder", "mcp", "acp", "terminal"] as const;

const limitsTable = <T extends z.ZodRawShape>(more: T) =>
  z.strictObject({
    run_usd: setting(limit(), { description: "what one run may cost, in US dollars", examples: [2.0] }),
    day_usd: setting(limit(), { description: "what the runs of a day may cost", examples: [20.0] }),
    runs_per_hour: setting(count(), { description: "how many runs may be started in an hour", examples: [30] }),
    active_runs: setting(count(), { description: "how many runs may go on at a time", examples: [4] }),
    ...more,
  });

export const SettingsSchema = z.strictObject({
  api_base: setting(word(), {
    variable: "SEREN_API_BASE",
    description: 'an https or loopback URL, or "local" for the embedded service; default https://api.serendb.com',
    examples: ["https://api.serendb.com"],
  }),
  deployment: setting(word(), {
    variable: "SEREN_BRIDGE_DEPLOYMENT",
    description: "deployment to use when neither parcel nor request names one",
    examples: ["0f8b1c2d-3e4f-4a5b-8c6d-7e8f9a0b1c2d"],
  }),
  secrets: setting(z.array(name(), "has to be a list of texts"), {
    variable: "SEREN_BRIDGE_SECRETS",
    description: "credentials of other tools that a parcel may have; in the variable names with commas",
    examples: [["GITHUB_TOKEN"]],
  }),
  approvals: setting(z.enum(["ask", "terminal"]), {
    variable: "SEREN_BRIDGE_APPROVALS",
    description: '"terminal": MCP clients and editors are not asked to show approvals; default "ask"',
    examples: ["terminal"],
  }),
  state_dir: setting(word(), {
    variable: "SEREN_BRIDGE_STATE_DIR",
    description: "state folder, as a path from the root; default: the platform's",
    examples: ["/var/lib/seren-bridge"],
  }),
  log: setting(z.enum(["error", "warn", "info", "debug"]), {
    variable: "SEREN_BRIDGE_LOG",
    description: 'level of the log on stderr; default "warn" for hosts, and words in place of a log in a terminal',
    examples: ["info"],
  }),
  proxy: z
    .strictObject({
      https: setting(word(), {
        variable: "HTTPS_PROXY",
        description: "proxy to https addresses",
        examples: ["http://proxy.example:3128"],
        secret: "password",
      }),
      http: setting(word(), {
        variable: "HTTP_PROXY",
        description: "proxy to http addresses",
        examples: ["http://proxy.example:3128"],
        secret: "password",
      }),
      except: setting(z.array(word(), "has to be a list of texts"), {
        variable: "NO_PROXY",
        description: "hosts that are reached without a proxy: names, addresses, networks",
        examples: [["internal.example", "10.0.0.0/8"]],
      }),
    })
    .optional(),
  notify: z
    .strictObject({
      bell: setting(z.boolean("has to be true or false"), {
        description: "ring the terminal that a command runs in, and notify where it knows how to",
        examples: [true],
      }),
      desktop: setting(z.boolean("has to be true or false"), {
        description: "a notice on the desktop, by the system's own command",
        examples: [true],
      }),
      command: setting(z.array(word(), "has to be a list of texts").min(1, "is empty; leave the key out"), {
        description:
          "a program with its arguments, started without a shell, that gets the notice as one JSON object on stdin",
        examples: [["/home/me/bin/tell-me", "--quietly"]],
      }),
      events: setting(
        z.array(z.enum(NOTICE_EVENTS), "has to be a list of texts").min(1, "is empty; leave the key out"),
        {
          description: "what there are notices of; default all",
          examples: [["completed", "failed", "cancelled", "needs_approval", "cost"]],
        },
      ),
      cost_usd: setting(amount(), {
        description: "a notice when a run has cost this much, in US dollars",
        examples: [1.5],
      }),
    })
    .optional(),
  limits: limitsTable({
    hosts: setting(z.strictObject(Object.fromEntries(HOSTS.map((host) => [host, limitsTable({}).optional()]))), {
      description: `the same limits for the runs of one host alone, which hold besides the general ones: ${HOSTS.join(", ")}`,
      examples: [{ roder: { run_usd: 0.5, active_runs: 2 } }],
    }),
  }).optional(),
  model: z
    .strictObject({
      url: setting(word(), {
        variable: "SEREN_BRIDGE_MODEL_URL",
        description: "makes the embedded service answer from this chat completions endpoint",
        examples: ["http://localhost:11434/v1"],
      }),
      name: setting(word(), {
        variable: "SEREN_BRIDGE_MODEL",
        description: "model to request from that endpoint",
        examples: ["llama3.2"],
      }),
      key: setting(word(), {
        variable: "SEREN_BRIDGE_MODEL_KEY",
        description: "key of that endpoint; the file has to be readable by you only then",
        examples: ["…"],
        secret: "always",
      }),
    })
    .optional(),
  roder: z
    .strictObject({
      manifest: setting(word(), {
        variable: "SEREN_BRIDGE_RODER_MANIFEST",
        description: "the manifest that Roder loaded, where none is beside the program",
        examples: ["/opt/seren-bridge/roder-extension.toml"],
      }),
    })
    .optional(),
});
export type Settings = z.output<typeof SettingsSchema>;
