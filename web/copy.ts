/**
 * Puts text on the clipboard; answers whether it is there. Pages of a plain-http address have no
 * clipboard, so there a selection is copied, in the open dialog if there is one: nothing outside of
 * it takes the focus.
 */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const before = document.activeElement as HTMLElement | null;
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "hidden";
    (before?.closest("dialog") ?? document.body).append(area);
    area.select();
    const isCopied = document.execCommand("copy");
    area.remove();
    before?.focus();
    return isCopied;
  }
}
