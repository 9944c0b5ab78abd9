/** A style sheet as text, with its imports inlined. */
declare module "*.css" {
  const text: string;
  export default text;
}

/** The inner SVG markup of an icon, by the icon's name. */
declare module "icon:*" {
  const inside: string;
  export default inside;
}
