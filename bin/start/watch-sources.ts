import { type FSWatcher, lstatSync, readdirSync, watch } from "node:fs";
import { join, posix } from "node:path";
import { withForwardSlashes } from "../build/source-graph.ts";

/** Editors write a file in several steps, and tools change many files at once. */
const settleMilliseconds = 40;

/**
 * Reports changed files of some folders, by their paths from `root`, in batches after a short quiet
 * period. Returns a function that stops. Folders created later are watched, too.
 */
export function watchSources(
  root: string,
  folders: readonly string[],
  changed: (files: string[]) => void,
): () => void {
  const watchers = new Map<string, FSWatcher>();
  const found = new Set<string>();
  let timer: NodeJS.Timeout | undefined;

  function tell(): void {
    const files = [...found];
    found.clear();
    changed(files);
  }

  function note(file: string): void {
    // Ignores the swap and backup files of editors.
    if (!/\/[\w-][\w.-]*\.(ts|tsx|html|css|json|svg)$/.test(file)) return;
    found.add(file);
    clearTimeout(timer);
    timer = setTimeout(tell, settleMilliseconds);
  }

  function onChange(path: string, kind: "rename" | "change"): void {
    if (!folders.includes(path.split("/")[0] ?? "")) return;
    if (kind === "rename") {
      // The folder may have been replaced, and the watcher of a removed folder stays silent.
      forget(path);
      add(path);
    }
    note(path);
  }

  /** Watches a folder. What is in it may have been written before, so it is noted. */
  function add(folder: string): void {
    const path = join(root, folder);
    if (!isFolder(path)) return;
    try {
      const watcher = watch(path, { persistent: false }, (kind, name) => {
        if (name) onChange(posix.join(folder, withForwardSlashes(name)), kind);
      });
      watcher.on("error", () => watcher.close());
      watchers.set(folder, watcher);
      for (const name of readdirSync(path)) onChange(posix.join(folder, name), "rename");
    } catch (error) {
      if (isFolder(path)) throw error;
      // The folder has been removed meanwhile.
      forget(folder);
    }
  }

  function forget(folder: string): void {
    for (const [one, watcher] of watchers) {
      if (!`${one}/`.startsWith(`${folder}/`)) continue;
      watcher.close();
      watchers.delete(one);
    }
  }

  add("");
  clearTimeout(timer);
  found.clear();
  return () => {
    clearTimeout(timer);
    for (const watcher of watchers.values()) watcher.close();
  };
}

const isFolder = (path: string) =>
  lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
