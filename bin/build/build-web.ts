import {
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import {
  assetHeaders,
  embedHeaders,
  homePath,
  pageHeaders,
  pictureHeaders,
} from "../../lib/stages/page-headers.ts";
import { isWritable } from "./assembly.ts";
import { removeOldFolders } from "./prune-folders.ts";
import { hashFiles } from "./source-graph.ts";
import { compile, compileStyles } from "./web-bundles.ts";

const root = join(import.meta.dirname, "../..");
const folders = join(root, ".cache", "web");
/**
 * The code that makes the pages, hashed when it is loaded: `npm start` rebuilds changed pages with
 * the code that it runs, even if the files of that code have changed since.
 */
const ownCode = hashFiles(root, "pages", [
  "bin/build/{build-web,web-bundles}.ts",
  "lib/stages/page-headers.ts",
  "package-lock.json",
]);
/** Number of builds to keep: a running system reads its own only at its start. */
const keptMax = 3;

/** A served file; `pages.json` lists them. */
export type Page = {
  path: string;
  file: string;
  headers: Record<string, string>;
  /** The only stage that serves it; others redirect to `otherwise`. */
  stage?: string;
  otherwise?: string;
};

/** Pages support light and dark schemes; the overlay has no background. */
const inBothSchemes = '<meta name="color-scheme" content="dark light" />';

/** Pages by path: the folder of `web/` they are built from, and the values of `page.html`. */
const pages = [
  {
    path: "/",
    folder: "studio",
    stage: "dev",
    otherwise: homePath,
    html: {
      title: "Ovation Studio",
      description: "Ovation Studio: a streamer and two viewers of one live stream on one page.",
      meta: inBothSchemes,
      body: `<div id="studio"></div>
    <noscript>Studio needs JavaScript. The API at <a href="/openapi.json">/openapi.json</a> does not.</noscript>`,
    },
  },
  {
    path: "/overlay",
    folder: "overlay",
    html: {
      title: "Ovation overlay",
      description: "Chat, gifts and goals of a live stream, as a browser source for OBS.",
      meta: '<meta name="robots" content="noindex" />',
      body: "",
    },
  },
  {
    path: "/console",
    folder: "console",
    html: {
      title: "Ovation Console",
      description: "Ovation Console: live streams, chat, moderation, users, gifts and webhooks.",
      meta: inBothSchemes,
      body: `<div id="console"></div>
    <noscript>
      The console needs JavaScript. Everything it does is a call of the API, in the reference at
      <a href="/docs">/docs</a>.
    </noscript>`,
    },
  },
];

/** Never changes, because other sites embed this path. */
const embedPath = "/embed/chat.js";

const directoryOfSources = () =>
  join(folders, hashFiles(root, ownCode, ["{web,client}/**/*"]).slice(0, 24));

/**
 * Bundles the pages and the chat element of `web/` unless they match their sources. Returns their
 * folder in `.cache/web`; its `pages.json` has each file's response headers, and assets have a hash
 * of their content in their names. Rejects if a source does not compile.
 */
export async function buildWeb(): Promise<string> {
  const directory = directoryOfSources();
  if (existsSync(join(directory, "pages.json"))) {
    if (isWritable(directory)) utimesSync(directory, new Date(), new Date());
    return directory;
  }
  const unfinished = join(folders, `unfinished-${process.pid}`);
  mkdirSync(unfinished, { recursive: true });
  const made: Page[] = [];
  let isCurrent = false;
  const add = (file: string, content: string | Uint8Array, page: Omit<Page, "file">) => {
    writeFileSync(join(unfinished, file), content);
    made.push({ ...page, file });
  };
  try {
    for (const page of pages) await addPage(page, add);
    const [{ contents }] = await compile({ entryPoints: ["web/chat/index.ts"] });
    add("chat.js", contents, { path: embedPath, headers: embedHeaders });
    for (const file of globSync("web/pictures/*.svg", { cwd: root })) addPicture(file, add);
    writeFileSync(join(unfinished, "pages.json"), JSON.stringify(made, undefined, 1));
    // If sources were edited meanwhile, its name is not that of what was built.
    isCurrent = directory === directoryOfSources();
    // Renamed as a whole, so that concurrent readers see complete builds.
    if (isCurrent && !existsSync(directory)) renameSync(unfinished, directory);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  if (!isCurrent) return buildWeb();
  removeOldFolders(folders, keptMax);
  return directory;
}

type Add = (file: string, content: string | Uint8Array, page: Omit<Page, "file">) => void;

/** Adds a page with its script, style sheet and fonts. */
async function addPage(page: (typeof pages)[number], add: Add): Promise<void> {
  const { folder, html, ...place } = page;
  const of = (file: string) => `web/${folder}/${file}`;
  const [[script], styles] = await Promise.all([
    compile({
      entryPoints: globSync(of("index.{ts,tsx}"), { cwd: root }),
      entryNames: `${folder}-[hash]`,
    }),
    compileStyles({ entryPoints: [of(`${folder}.css`)], entryNames: `${folder}-[hash]` }),
  ]);
  const assets = [script, ...styles];
  for (const { path, contents } of assets) {
    const headers = assetHeaders(path);
    const asset = { path: `/assets/${basename(path)}`, headers };
    // Assets of a page for one stage are not served by others.
    add(
      basename(path),
      contents,
      page.stage === undefined ? asset : { ...asset, stage: page.stage },
    );
  }
  const urlOf = (end: string) =>
    `/assets/${basename(assets.find(({ path }) => path.endsWith(end))!.path)}`;
  const given = { ...html, script: urlOf(".js"), style: urlOf(".css"), font: urlOf(".woff2") };
  const text = Object.entries(given).reduce(
    (made, [name, value]) => made.replace(`{${name}}`, () => value),
    readFileSync(join(root, "web/page.html"), "utf8"),
  );
  add(`${folder}.html`, text, { ...place, headers: pageHeaders });
}

/** Adds a gift's animated picture and a still version without the animations. */
function addPicture(file: string, add: Add): void {
  const name = basename(file, ".svg");
  const moving = readFileSync(join(root, file), "utf8").replace(/>\s+</g, "><");
  const still = moving.replace(/<animate\w*\b[^>]*\/>/g, "");
  for (const [form, text] of [
    [name, still],
    [`${name}.moving`, moving],
  ] as const)
    add(`${form}.svg`, text, { path: `/pictures/${form}.svg`, headers: pictureHeaders });
}

if (import.meta.main) void buildWeb().then((folder) => console.log(`Pages in ${folder}`));
