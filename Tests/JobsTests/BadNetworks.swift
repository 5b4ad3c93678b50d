import Jobs

// Networks that a job cannot ask for.

extension JobErrorTests {
  static let networks: [BadJob] = [
    .network(
      "[{repeat: {count: 1e9, layers: [relu]}}, flatten]", .outOfRange, "network",
      "network repeats to more than 2000000 layers; lower the counts of repeat"),
    .network(
      "[{repeat: {count: 2000, layers: [{repeat: {count: 2000, layers: [relu]}}]}}, flatten]",
      .outOfRange, "network", "more than 2000000 layers"),
    .network(
      "[{repeat: {count: 1e15, layers: []}}, flatten]", .outOfRange, "network", "2000000 layers"),
    .network(
      "[{residual: {main: [{repeat: {count: 1e9, layers: [relu]}}]}}, flatten]", .outOfRange,
      "network", "2000000 layers"),
    .network("relu", .wrongType, "network", "is 'relu'|list of layers"),
    .network("[]", .outOfRange, "network", "at least one layer"),
    .network("[5]", .wrongType, "network.0", "is 5|a layer"),
    .network("['']", .outOfRange, "network.0", "a layer"),
    .network("[relu,\n[relu]]", .wrongType, "network.1", line: 3, "is a list|a layer"),
    .network("[{}]", .wrongType, "network.0", "is an empty mapping"),
    .network(
      "[{dense: {}, relu: {}}]", .wrongType, "network.0", "(dense and relu)|item of its own"),
    .network("[{dense: , weight_variance: 2}]", .wrongType, "network.0", "indent the parameters"),
    .network("[{dense: 2}]", .wrongType, "network.0.dense", "is 2|mapping"),
    .network(
      "[{dense: {weight_variance: -1}}]", .outOfRange, "network.0.dense.weight_variance",
      "is -1|0 or more"),
    .network(
      "[{dense: {bias_variance: .nan}}]", .outOfRange, "network.0.dense.bias_variance",
      "is .nan|finite"),
    .network(
      "[{dense: {bias_variance: 1e999}}]", .outOfRange, "network.0.dense.bias_variance",
      "is 1e999|finite"),
    .network("[{exp: {rate: -.inf}}]", .outOfRange, "network.0.exp.rate", "is -.inf|finite"),
    .network("[{exp: {rate: }}]", .wrongType, "network.0.exp.rate", "is empty"),
    .network("[{exp: {rate: {a: 1}}}]", .wrongType, "network.0.exp.rate", "is a mapping (a)"),
    .network(
      "[{convolution: {filter: [3, x]}}]", .wrongType, "network.0.convolution.filter.1", "is 'x'"),
    .network(
      "[{repeat: {count: 2, layers: relu}}]", .wrongType, "network.0.repeat.layers",
      "list of layers"),
    .network(
      "[{repeat: {count: 2, layers: [relu,\n{dense: {weight_variance: -2}}]}}]", .outOfRange,
      "network.0.repeat.layers.1.dense.weight_variance", line: 3, "is -2"),
    .network(
      "[{concatenate: {branches: [relu]}}]", .wrongType, "network.0.concatenate.branches.0",
      "list of layers"),
    .network("{depth: 3}", .missingKey, "network.preset", "is missing|fcn"),
    .network(
      "{preset: resnet, depth: 3}", .outOfRange, "network.preset",
      "is 'resnet' (did you mean 'resnet-cifar'?); it must be fcn, cnn-flatten, cnn-gap, myrtle-5, myrtle-7, myrtle-10, "
        + "resnet-cifar, wide-resnet, vit or rnn"),
    .network("{preset: cnn}", .outOfRange, "network.preset", "did you mean 'cnn-flatten'"),
    .network("{preset: myrtle10}", .outOfRange, "network.preset", "did you mean 'myrtle-10'"),
    .network("{preset: fnc, depth: 3}", .outOfRange, "network.preset", "did you mean 'fcn'"),
    .network("{preset: [fcn]}", .wrongType, "network.preset", "is a list"),
    .network("{preset: fcn}", .missingKey, "network.depth", "is missing"),
    .network("{preset: fcn, depth: -1}", .outOfRange, "network.depth", "is -1|from 0 to 100000"),
    .network("{preset: fcn, depth: 100001}", .outOfRange, "network.depth", "from 0 to 100000"),
    .network("{preset: fcn, depth: {at: 1}}", .wrongType, "network.depth", "is a mapping"),
    .network("{preset: fcn, depth: [2, 2]}", .outOfRange, "network.depth.1", "is 2 after 2"),
    .network("{preset: cnn-gap, depth: 1, padding: [same]}", .wrongType, "network.padding", "list"),
    .network(
      "{preset: fcn, depth: 1, depths: [1]}", .conflict, "network.depths",
      "network.depth and network.depths"),
    .network("{preset: fcn, depths: []}", .outOfRange, "network.depths", "empty"),
    .network(
      "{preset: fcn, depths: [3, 1]}", .outOfRange, "network.depths.1", "is 1 after 3|ascending"),
    .network("{preset: fcn, depths: [3, 3]}", .outOfRange, "network.depths.1", "each once"),
    .network("{preset: fcn, depths: 3}", .wrongType, "network.depths", "is 3|list"),
    .network("{preset: fcn, depht: 3}", .unknownKey, "network.depht", "did you mean 'depth'"),
    .network(
      "{preset: fcn, depth: 1, weight_variance: -2}", .outOfRange, "network.weight_variance",
      "is -2|0 or more"),
    .network(
      "{preset: fcn, depth: 1, activation: [relu]}", .wrongType, "network.activation",
      "is a list|a layer"),
    .network(
      "{preset: fcn, depth: 99999, weight_variances: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}",
      .outOfRange, "network", "more than 2000000 layers"),
  ]

  static let convolutional: [BadJob] = [
    .network("{preset: cnn-gap}", .missingKey, "network.depth", "is missing; say how many"),
    .network(
      "{preset: cnn-gap, depth: 1, stride: 2}", .unknownKey, "network.stride",
      "the keys of network are preset, depth, depths|padding, filter and trained"),
    .network(
      "{preset: fcn, depth: 1, padding: same}", .unknownKey, "network.padding",
      "the keys of network are preset, depth|bias_variances and trained"),
    .network(
      "{preset: myrtle-5, depth: 3}", .unknownKey, "network.depth",
      "the keys of network are preset, activation|image_size and trained"),
    .network(
      "{preset: cnn-gap, depth: 1,\npadding: vaild}", .outOfRange, "network.padding", line: 3,
      "is 'vaild' (did you mean 'valid'?); it must be same, valid or circular"),
    .network("{preset: myrtle-7, padding: 1}", .wrongType, "network.padding", "is 1; it must be"),
    .network(
      "{preset: cnn-gap, depth: 1, filter: three}", .wrongType, "network.filter",
      "is 'three'; it must be a whole number, or two: [height, width]"),
    .network("{preset: cnn-gap, depth: 1, filter: {}}", .wrongType, "network.filter", "mapping"),
    .network("{preset: cnn-gap, depth: 1, filter: 0}", .outOfRange, "network.filter", "is 0|1 to"),
    .network("{preset: cnn-gap, depth: 1, filter: 2.5}", .outOfRange, "network.filter", "is 2.5"),
    .network(
      "{preset: cnn-gap, depth: 1, filter: [3]}", .outOfRange, "network.filter",
      "is a list of 1; it must be a whole number, or two: [height, width]"),
    .network(
      "{preset: cnn-gap, depth: 1, filter: [3, -1]}", .outOfRange, "network.filter.1", "is -1"),
    .network(
      "{preset: cnn-gap, depth: 1, filter: [x, 3]}", .wrongType, "network.filter.0", "is 'x'"),
    .network(
      "{preset: myrtle-10, image_size: 24}", .outOfRange, "network.image_size",
      "is 24; it must be a power of two, 8 or more"),
    .network("{preset: myrtle-5, image_size: 4}", .outOfRange, "network.image_size", "8 or more"),
    .network("{preset: myrtle-5, image_size: -8}", .outOfRange, "network.image_size", "is -8"),
    .network("{preset: myrtle-5, image_size: 1e300}", .outOfRange, "network.image_size", "1e300"),
    .network("{preset: myrtle-5, image_size: all}", .wrongType, "network.image_size", "is 'all'"),
    .network(
      "{preset: myrtle-7, padding: valid}", .conflict, "network.padding",
      "is 'valid' and leaves 1 x 1 of 32 x 32 pixels to the 2 x 2 average pool number 3|circular"),
    .network(
      "{preset: myrtle-5, padding: valid, filter: [1, 99]}", .conflict, "network.padding",
      "leaves 32 x 0 of 32 x 32 pixels"),
    .network(
      "{preset: cnn-gap, depth: 2, trained: hiden}", .outOfRange, "network.trained",
      "is 'hiden' (did you mean 'hidden'?); it must be all or hidden"),
    .network("{preset: myrtle-5, trained: true}", .wrongType, "network.trained", "is true"),
    .network(
      "{preset: cnn-flatten, depths: [1, 3], trained: hidden}", .conflict, "network.trained",
      "is 'hidden' and leaves no trained layer|depth 2 or more"),
    .network(
      "{preset: fcn, depth: 0,\ntrained: hidden}", .conflict, "network.trained", line: 3,
      "the NTK would be zero"),
  ]
}
