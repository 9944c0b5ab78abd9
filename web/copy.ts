/**
 * Copies text to the clipboard; returns whether it succeeded. Pages on plain http have no clipboard
 * API, so a selection is copied instead, inside the open dialog if there is one, because elements
 * outside of it cannot take the focus.
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
