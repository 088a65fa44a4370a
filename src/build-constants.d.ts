/** Version of the package, put in by the build. */
declare const __VERSION__: string;

/** The manifest beside the package, put in by the build. */
declare const __RODER_MANIFEST__: import("./adapters/roder/index.ts").ShippedManifest;
