import { type FSWatcher, globSync, statSync, watch } from "node:fs";
import { join } from "node:path";
import { withForwardSlashes } from "../build/source-graph.ts";

/** Editors write a file in several steps, and tools change many files at once. */
const settleMilliseconds = 40;

/**
 * Reports changed files of some folders, by their paths from `root`, in batches after a short quiet
 * period. Returns a function that stops. Folders created later are watched, too.
 */
export function watchSources(
  root: string,
  rooms: readonly string[],
  changed: (files: string[]) => void,
): () => void {
  const watchers = new Map<string, FSWatcher>();
  const found = new Set<string>();
  let timer: NodeJS.Timeout | undefined;

  function tell(): void {
    addFolders();
    const files = [...found];
    found.clear();
    if (files.length > 0) changed(files);
  }

  function note(file: string): void {
    // Ignores the swap and backup files of editors.
    if (!/\/[\w-][\w.-]*\.(ts|tsx|html|css|json|svg)$/.test(file)) return;
    found.add(file);
    clearTimeout(timer);
    timer = setTimeout(tell, settleMilliseconds);
  }

  function addFolders(): void {
    const folders = rooms.flatMap((room) => [room, ...globSync(`${room}/**/`, { cwd: root })]);
    for (const folder of new Set(
      folders.map((one) => withForwardSlashes(one).replace(/\/$/, "")),
    )) {
      if (watchers.has(folder) || !isFolder(join(root, folder))) continue;
      const watcher = watch(join(root, folder), { persistent: false }, (_, name) => {
        if (name) note(`${folder}/${withForwardSlashes(name)}`);
      });
      // The folder has been removed.
      watcher.on("error", () => forget(folder));
      watchers.set(folder, watcher);
    }
  }

  function forget(folder: string): void {
    watchers.get(folder)?.close();
    watchers.delete(folder);
  }

  addFolders();
  return () => {
    clearTimeout(timer);
    for (const folder of [...watchers.keys()]) forget(folder);
  };
}

const isFolder = (path: string) =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
