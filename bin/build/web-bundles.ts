import { join } from "node:path";
import type { BuildOptions, Plugin } from "esbuild";

const root = join(import.meta.dirname, "../..");

/** A file of a bundle. */
type Output = { path: string; contents: Uint8Array };

/** Attributes that the page sets on every `<svg>`, with a stroke width of its own. */
const iconAttributes =
  / (?:fill="none"|stroke="currentColor"|stroke-(?:width|linecap|linejoin)="\w+")/g;

/** The markup inside an icon's `<svg>`. Throws if there is no such icon. */
async function iconMarkup(name: string): Promise<string> {
  const { icons, aliases = {} } = (await import("@iconify-json/lucide")).icons;
  const found = icons[name] ?? icons[aliases[name]?.parent ?? ""];
  if (found === undefined) throw new Error(`Lucide has no icon ${name}`);
  return found.body.replace(iconAttributes, "");
}

/** Resolves `icon:send` to the markup of that icon. */
const icons: Plugin = {
  name: "icons",
  setup(made) {
    made.onResolve({ filter: /^icon:/ }, ({ path }) => ({ path, namespace: "icon" }));
    made.onLoad({ filter: /.*/, namespace: "icon" }, async ({ path }) => ({
      contents: await iconMarkup(path.slice("icon:".length)),
      loader: "text",
    }));
  },
};

/** A style sheet for `adoptedStyleSheets`: its text with all imports, minified. */
const adoptedStyles: Plugin = {
  name: "adopted-styles",
  setup(made) {
    made.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const [sheet] = await bundle({ ...shared, entryPoints: [path], outdir: "out" });
      return { contents: sheet!.text, loader: "text" };
    });
  },
};

/** Loaded on demand: most starts find everything built. */
const bundle = async (options: BuildOptions) =>
  (await (await import("esbuild")).build({ ...options, write: false })).outputFiles ?? [];

const shared: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022", "chrome123", "firefox121", "safari17.5"],
  legalComments: "none",
  logLevel: "warning",
};

/** Bundles a script with what it imports: icons, styles as text, Preact. */
export async function compile(options: BuildOptions): Promise<[Output, ...Output[]]> {
  const made = await bundle({
    ...shared,
    ...options,
    outdir: "out",
    jsx: "automatic",
    jsxImportSource: "preact",
    plugins: [icons, adoptedStyles],
  });
  return made as Output[] as [Output, ...Output[]];
}

/** The style sheet comes first, then its fonts unless `options` inlines them. */
export async function compileStyles(options: BuildOptions): Promise<Output[]> {
  return await bundle({
    ...shared,
    outdir: "out",
    publicPath: "/assets",
    assetNames: "[name]-[hash]",
    loader: { ".woff2": "file" },
    ...options,
  });
}
