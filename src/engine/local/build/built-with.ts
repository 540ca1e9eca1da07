/** Says that RUN lines of an image ran under Wine and not on Windows (design.md 13). */
export const builtWithLabel = 'io.porthole.built-with';
