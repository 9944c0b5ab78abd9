const names: Record<string, string> = {
  gift_spend: "Gift sent",
  gift_revenue: "Gift received",
  superlike_spend: "Superlike sent",
  superlike_revenue: "Superlike received",
};

/** A word of the API as a label, such as `Scheduled`. */
export const labelOf = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);

/** A transaction's type as readable text, such as `Top up`. */
export const wordsOf = (type: string) => names[type] ?? labelOf(type.replaceAll("_", " "));
