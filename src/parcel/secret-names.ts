/** What the name of a secret says about it. Case does not matter: environments of Windows have none. */

/**
 * Names that the platform sets itself or does not accept (`docs/reference/seren-cloud-api.md`, section 12.6). A secret under
 * such a name may not reach the agent.
 */
const RESERVED = [
  /^PATH$/,
  /^TMP$/,
  /^AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN)$/,
  /^KUBERNETES_/,
  /_SERVICE_(HOST|PORT)$/,
];

/**
 * Names under which other tools look for their credentials. A person has them in the environment for those tools, so that a
 * stranger's parcel could ask for them by name.
 */
const OF_OTHER_TOOLS = [
  // code hosting and CI
  /^(GH|GITHUB|GITLAB|GITEA|BITBUCKET|AZURE_DEVOPS|CIRCLE|CIRCLECI|BUILDKITE|JENKINS|TRAVIS|CI_JOB)_/,
  /^(SYSTEM_ACCESSTOKEN|ACTIONS_RUNTIME_TOKEN|ACTIONS_ID_TOKEN_REQUEST_TOKEN)$/,
  // package registries
  /^(NPM|NODE_AUTH|YARN_NPM|PNPM|PYPI|TWINE|UV_PUBLISH|POETRY_PYPI|POETRY_HTTP_BASIC|PIP|CARGO_REGISTR\w*|RUBYGEMS|GEM_HOST|NUGET|MAVEN|GRADLE_PUBLISH|HEX|COMPOSER|DOCKER|DOCKERHUB|CONTAINER_REGISTRY)_/,
  // clouds and hosting
  /^(AWS|AZURE|ARM|GOOGLE|GCP|GCLOUD|CLOUDSDK|CLOUDFLARE|CF|DIGITALOCEAN|DO|HEROKU|FLY|VERCEL|NETLIFY|RAILWAY|RENDER|SUPABASE|FIREBASE|ALICLOUD|ALIBABA|OCI|IBMCLOUD|LINODE|HCLOUD|SCW|HETZNER|NEON|PLANETSCALE|TF_VAR|TF_TOKEN|PULUMI|VAULT|CONSUL|NOMAD|HCP|KUBE|HELM)_/,
  /^(KUBECONFIG|ANSIBLE_VAULT_PASSWORD\w*)$/,
  // model providers
  /^(OPENAI|ANTHROPIC|CLAUDE|CODEX|GEMINI|VERTEX|MISTRAL|GROQ|XAI|GROK|DEEPSEEK|OPENROUTER|TOGETHER|FIREWORKS|COHERE|CO|PERPLEXITY|REPLICATE|HF|HUGGINGFACE|HUGGING_FACE|HUGGINGFACEHUB|CEREBRAS|AI21|VOYAGE|ELEVENLABS|LANGCHAIN|LANGSMITH|WANDB)_\w*(KEY|TOKEN|SECRET|PASSWORD)/,
  // people's keys, agents and passwords
  /^(SSH|GPG|GNUPG|PGP|SUDO|BW|OP|LASTPASS|KEEPASS|BITWARDEN)_/,
  // databases, messages, payments
  /^(DATABASE_URL|PGPASSWORD|PGPASSFILE|MYSQL_PWD|REDISCLI_AUTH|MONGODB_URI)$/,
  /^(SLACK|DISCORD|TELEGRAM|TWILIO|SENDGRID|MAILGUN|STRIPE|PAYPAL|SENTRY|DATADOG|DD|NEW_RELIC|JIRA|ATLASSIAN|LINEAR|NOTION)_\w*(KEY|TOKEN|SECRET|PASSWORD)/,
];

const matches = (patterns: readonly RegExp[], name: string) => {
  const upper = name.toUpperCase();
  return patterns.some((pattern) => pattern.test(upper));
};

export function isReservedName(name: string): boolean {
  return matches(RESERVED, name);
}

export function isCredentialOfAnotherTool(name: string): boolean {
  return matches(OF_OTHER_TOOLS, name);
}
