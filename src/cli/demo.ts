export const help = 'not there yet';
export const run = (): Promise<number> => Promise.resolve(2);
