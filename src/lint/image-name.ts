/** Names of images as FROM takes them (the grammar of references, images-and-registries.md 1). */
const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const imageName = new RegExp(
  `^(?:[A-Za-z0-9.-]+(?::\\d+)?/)?${component}(?:/${component})*(?::\\w[\\w.-]{0,127})?(?:@[a-z0-9+._-]+:[0-9a-f]{32,})?$`,
);

export function isImageName(text: string): boolean {
  return imageName.test(text);
}

/** The reference's words about a name that is none. */
export function imageNameProblem(text: string): string {
  const slash = text.indexOf('/');
  const first = slash < 0 ? '' : text.slice(0, slash);
  const domain = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase();
  const remainder = domain ? text.slice(slash + 1) : slash < 0 ? `library/${text}` : text;
  const remote = remainder.split(':', 1)[0]!;
  return remote === remote.toLowerCase()
    ? 'invalid reference format'
    : `invalid reference format: repository name (${remote}) must be lowercase`;
}
