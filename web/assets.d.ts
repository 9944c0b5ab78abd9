/** A style sheet as text, with all that it imports. */
declare module "*.css" {
  const text: string;
  export default text;
}

/** The inside of an icon's SVG, by the icon's name. */
declare module "icon:*" {
  const inside: string;
  export default inside;
}
