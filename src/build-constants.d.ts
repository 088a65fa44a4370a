/** Version of the package, put in by the build. */
declare const __VERSION__: string;

/** Hashes of the files that the entry loads, put in by the build. */
declare const __CHUNK_HASHES__: import("./app/verify-chunks.ts").ChunkHashes;

/** The manifest beside the package, put in by the build. */
declare const __RODER_MANIFEST__: import("./adapters/roder/index.ts").ShippedManifest;
