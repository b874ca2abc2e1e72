module.exports = require('./lodash.min.js')._;
