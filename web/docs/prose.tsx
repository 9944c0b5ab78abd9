/** Text of a description: paragraphs, bullet lists, and code in backticks. */
export function Prose({ text }: { text: string }) {
  return text.split(/\n\n+/).map((part) => {
    const items = part.split(/\n(?=\* )/);
    if (!part.startsWith("* "))
      return (
        <p key={part}>
          <Line text={part} />
        </p>
      );
    return (
      <ul key={part}>
        {items.map((item) => (
          <li key={item}>
            <Line text={item.slice(2)} />
          </li>
        ))}
      </ul>
    );
  });
}

/** One line, with code in backticks. */
export function Line({ text }: { text: string }) {
  return text
    .split("`")
    .map((part, at) => (at % 2 === 1 ? <code key={`${at}${part}`}>{part}</code> : part));
}
