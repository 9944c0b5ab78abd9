/** Behaviour of the guides: search, copy buttons and titles. */
import { copyText } from "../copy.ts";

const copiedMilliseconds = 2_000;
const partsMax = 4;

function addCopyButtons(): void {
  for (const code of document.querySelectorAll("main pre")) {
    const button = document.createElement("button");
    const name = (text: string) => {
      button.textContent = text;
    };
    button.type = "button";
    button.className = "copy";
    name("Copy");
    button.addEventListener("click", () => {
      void copyText((code.querySelector("code") ?? code).textContent ?? "").then((isCopied) => {
        name(isCopied ? "Copied" : "Copy failed: select the text");
        setTimeout(() => name("Copy"), copiedMilliseconds);
      });
    });
    const frame = document.createElement("div");
    frame.className = "copied";
    code.replaceWith(frame);
    frame.append(code, button);
  }
}

type Part = { anchor: string; title: string; words: string };

/** The sections of a guide by heading, each with its text. */
function partsOf(guide: Element): Part[] {
  const parts: Part[] = [];
  for (const element of guide.children) {
    const last = parts.at(-1);
    if (/^H[1-3]$/.test(element.tagName) || last === undefined) {
      const title = element.textContent ?? "";
      parts.push({ anchor: element.id || guide.id, title, words: title.toLowerCase() });
    } else last.words += ` ${element.textContent?.toLowerCase()}`;
  }
  return parts;
}

function addSearch(): void {
  const search = document.querySelector<HTMLElement>(".search");
  const input = search?.querySelector("input");
  const none = document.querySelector<HTMLElement>(".contents .none");
  if (!search || !input || !none) return;
  const guides = [...document.querySelectorAll("article")].flatMap((guide) => {
    const entry = document.querySelector(`.contents a[href="#${guide.id}"]`)?.closest("li");
    return entry ? [{ entry, parts: partsOf(guide) }] : [];
  });
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const areIn = (text: string) => words.every((word) => text.includes(word));
    const isNamed = ({ title }: Part) => areIn(title.toLowerCase());
    // What the words name comes before what only mentions them.
    const named = (parts: readonly Part[]) => Number(parts.some(isNamed));
    for (const { entry } of [...guides].sort((a, b) => named(b.parts) - named(a.parts)))
      entry.parentElement?.append(entry);
    let found = 0;
    for (const { entry, parts } of guides) {
      const fits = parts
        .filter((part) => areIn(part.words))
        .sort((a, b) => named([b]) - named([a]));
      entry.querySelector("ul")?.remove();
      entry.hidden = fits.length === 0;
      found += fits.length;
      // The entry itself leads to the first part.
      const below = fits.filter((part) => part !== parts[0]).slice(0, partsMax);
      if (words.length > 0 && below.length > 0) entry.append(listOf(below));
    }
    for (const group of document.querySelectorAll<HTMLElement>(".contents h2"))
      group.hidden = !group.nextElementSibling?.querySelector("li:not([hidden])");
    none.hidden = found > 0;
  });
}

function listOf(parts: readonly Part[]): HTMLElement {
  const list = document.createElement("ul");
  for (const { anchor, title } of parts) {
    const link = document.createElement("a");
    link.href = `#${anchor}`;
    link.textContent = title;
    const line = document.createElement("li");
    line.append(link);
    list.append(line);
  }
  return list;
}

/** Names the guide in view: tabs, bookmarks and the history tell guides apart. */
function nameGuide(): void {
  const shown = [...document.querySelectorAll("article")].find((guide) => guide.checkVisibility());
  const title = shown?.querySelector("h1")?.textContent;
  if (title) document.title = `${title} · Ovation guides`;
}

addCopyButtons();
addSearch();
nameGuide();
addEventListener("hashchange", nameGuide);
