/** Which declared secrets leave the machine. */
import { describe, expect, test } from "vitest";
import { isCredentialOfAnotherTool, isReservedName } from "../../../src/parcel/secret-names.ts";
import { allowedSecrets, collectSecrets, secretNotes } from "../../../src/parcel/secrets.ts";
import { altered } from "./parcels.ts";

const ENVIRONMENT: Record<string, string> = { REPORT_TOKEN: "r", GITHUB_TOKEN: "g", Npm_Token: "n", PATH: "/bin" };
const variable = (name: string) => ENVIRONMENT[name];
/** A parcel that declares these secrets; one with `?` is optional. */
const asking = (...names: string[]) =>
  altered("minimal", {
    secrets: names.map((name) => ({ name: name.replace("?", ""), required: !name.endsWith("?") })),
  });

describe("a credential of another tool", () => {
  test("leaves only when it is allowed by name, in any case", async () => {
    const parcel = await asking("REPORT_TOKEN", "GITHUB_TOKEN", "Npm_Token");
    const secret = allowedSecrets(variable, ["github_token", "NPM_TOKEN"]);
    expect(collectSecrets(parcel, secret)).toEqual([
      ["REPORT_TOKEN", "r"],
      ["GITHUB_TOKEN", "g"],
      ["Npm_Token", "n"],
    ]);
  });

  test("is refused where the parcel needs it, with what allows it", async () => {
    const secret = allowedSecrets(variable, []);
    const parcel = await asking("REPORT_TOKEN", "GITHUB_TOKEN");
    expect(() => collectSecrets(parcel, secret)).toThrow(
      /asks for GITHUB_TOKEN, a credential of other tools .* set SEREN_BRIDGE_SECRETS=GITHUB_TOKEN /,
    );
  });

  test("is left out where the parcel can do without", async () => {
    const secret = allowedSecrets(variable, ["NPM_TOKEN"]);
    expect(collectSecrets(await asking("REPORT_TOKEN", "GITHUB_TOKEN?"), secret)).toEqual([["REPORT_TOKEN", "r"]]);
  });

  test("that is not set is missing like any other", async () => {
    const parcel = await asking("OPENAI_API_KEY");
    expect(() => collectSecrets(parcel, allowedSecrets(variable, []))).toThrow(
      "needs the secret OPENAI_API_KEY, not set here",
    );
  });
});

test("a person reads what is sent, what is not, and which names are reserved", async () => {
  const notes = secretNotes(
    await asking("REPORT_TOKEN", "GITHUB_TOKEN?", "PATH", "UNSET?"),
    allowedSecrets(variable, []),
  );
  expect(notes).toEqual([
    "REPORT_TOKEN, PATH: sent to Seren Cloud with the deployment",
    "GITHUB_TOKEN: not sent, because other tools use it; allow with SEREN_BRIDGE_SECRETS",
    "PATH: reserved by the platform, so the agent may see another value; choose another name",
  ]);
  expect(secretNotes(await asking(), allowedSecrets(variable, []))).toEqual([]);
});

test.each([
  "GITHUB_TOKEN GH_TOKEN gitlab_token CI_JOB_TOKEN NPM_TOKEN NODE_AUTH_TOKEN CARGO_REGISTRY_TOKEN TWINE_PASSWORD DOCKER_PASSWORD",
  "HTTPS_PROXY http_proxy ALL_PROXY NGROK_AUTHTOKEN TS_AUTHKEY POSTGRES_PASSWORD REDIS_URL DB_PASS SNOWFLAKE_PASSWORD SONAR_TOKEN",
  "ARTIFACTORY_API_KEY BUNDLE_GEMS__EXAMPLE CURSOR_API_KEY OKTA_CLIENT_SECRET",
  "AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AZURE_CLIENT_SECRET GOOGLE_APPLICATION_CREDENTIALS CLOUDFLARE_API_TOKEN VAULT_TOKEN",
  "OPENAI_API_KEY ANTHROPIC_API_KEY GEMINI_API_KEY HF_TOKEN OPENROUTER_API_KEY SSH_AUTH_SOCK PGPASSWORD DATABASE_URL KUBECONFIG",
  "HOMEBREW_GITHUB_API_TOKEN GIT_ASKPASS GIT_TOKEN DRONE_TOKEN WOODPECKER_TOKEN CODEBERG_TOKEN FORGEJO_TOKEN GERRIT_PASSWORD",
  "VSCE_PAT OVSX_PAT JSR_TOKEN DENO_DEPLOY_TOKEN HACKAGE_KEY VULTR_API_KEY SCALEWAY_SECRET_KEY OVH_APPLICATION_SECRET YC_TOKEN",
  "TENCENTCLOUD_SECRET_KEY UPSTASH_REDIS_REST_TOKEN TURSO_AUTH_TOKEN DOPPLER_TOKEN INFISICAL_TOKEN COOLIFY_TOKEN",
  "TAVILY_API_KEY PINECONE_API_KEY KAGGLE_KEY EXA_API_KEY SERPAPI_API_KEY BRAVE_API_KEY FIRECRAWL_API_KEY DEEPGRAM_API_KEY",
  "MOONSHOT_API_KEY DASHSCOPE_API_KEY ZHIPUAI_API_KEY ZAI_API_KEY MINIMAX_API_KEY NVIDIA_API_KEY OLLAMA_API_KEY",
  "RESTIC_PASSWORD BORG_PASSPHRASE RCLONE_CONFIG_PASS B2_APPLICATION_KEY SOPS_AGE_KEY CSC_KEY_PASSWORD MATCH_PASSWORD",
  "FASTLANE_PASSWORD APPLE_ID_PASSWORD APP_STORE_CONNECT_API_KEY ANDROID_KEYSTORE_PASSWORD POSTMARK_API_TOKEN GRAFANA_API_KEY",
  "MAPBOX_ACCESS_TOKEN ASANA_ACCESS_TOKEN CONTENTFUL_ACCESS_TOKEN SANITY_AUTH_TOKEN CLERK_SECRET_KEY",
  "SLACK_BOT_TOKEN STRIPE_SECRET_KEY SENTRY_AUTH_TOKEN DISCORD_TOKEN TELEGRAM_BOT_TOKEN",
])("credentials of other tools: %s", (names) => {
  expect(names.split(" ").filter((name) => !isCredentialOfAnotherTool(name))).toEqual([]);
});

test("names of the user's own are nobody else's", () => {
  const own =
    "REPORT_TOKEN REPORT_DB_URL BROKER_TOKEN PLANNER_USER MY_GITHUB_NOTES CUSTOMER_KEY GHOST_NAME SLACK_CHANNEL JWT_SECRET EXACT_KEY MATCH_NAME GIT_BRANCH BRAVE_HEART ANDROID_VERSION";
  expect(own.split(" ").filter(isCredentialOfAnotherTool)).toEqual([]);
});

test("reserved names", () => {
  const reserved = "PATH tmp AWS_ACCESS_KEY_ID KUBERNETES_PORT API_SERVICE_HOST API_SERVICE_PORT".split(" ");
  expect(reserved.filter((name) => !isReservedName(name))).toEqual([]);
  expect(["MY_PATH", "TMPDIR", "AWS_REGION", "SERVICE_HOSTS"].filter(isReservedName)).toEqual([]);
});
