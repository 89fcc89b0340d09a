export const attribution = {
  title: 'Attribution',
};
