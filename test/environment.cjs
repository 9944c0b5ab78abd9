/**
 * Jest's environment for Node, with an ordinary global object. Jest's own is a proxy that records
 * what a file leaves there, so each use of a global such as `Math` takes almost a microsecond.
 */
const vm = require("node:vm");
const { TestEnvironment } = require("jest-environment-node");

module.exports = class extends TestEnvironment {
  constructor(config, context) {
    const { createContext } = vm;
    vm.createContext = () => createContext(vm.constants.DONT_CONTEXTIFY);
    try {
      super(config, context);
    } finally {
      vm.createContext = createContext;
    }
  }
};
