// Ids by name: the numbers that are the default are hashes of absolute paths, and the committed
// assets are to be the same wherever they are built.
module.exports = { optimization: { moduleIds: 'named', chunkIds: 'named' } };
