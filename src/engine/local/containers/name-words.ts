/** Words of generated container names: `adjective_surname`. Surnames are of people who made computing and science what they are. */
export const adjectives = (
  'able agile amber ample apt ardent astute autumn azure balmy bold brave breezy bright brisk calm candid careful cheery ' +
  'civil clear clever cobalt cool coral cosmic crisp curious daring dapper deft eager early earnest easy elegant even fair ' +
  'fabled fleet fluent fond frank free fresh frosty gallant gentle gifted glad golden grand hardy hearty honest humble ideal ' +
  'jolly jovial keen kind lively loyal lucid lucky lunar mellow merry mighty mild modest neat nimble noble novel open patient ' +
  'plucky polite prime proud prudent quick quiet rapid ready regal robust rosy serene sharp silent silver simple sincere ' +
  'smart smooth snug solar solid spry steady stellar sturdy subtle sunny swift tender thrifty tidy trusty upbeat valiant ' +
  'vivid warm wise witty young zesty'
).split(' ');

export const surnames = (
  'abbe abel adleman aiken amdahl ampere atanasoff babbage backus banzhaf bardeen bartik bell bernoulli berners bessel bohr ' +
  'boole born bragg brattain brooks bush cantor carson cauchy cerf chadwick chandra church clarke cocke codd conway cook ' +
  'cooper corbato coulomb cray curie dahl dalton darwin davies descartes dijkstra dirac doppler earhart easley eckert ' +
  'edison einstein elion engelbart erdos estrin euclid euler fano faraday feigenbaum fermat fermi feynman floyd flowers ' +
  'fourier franklin galileo galois gauss gibbs glenn goedel goldberg goldwasser gosling graham gray hadamard hahn halley ' +
  'hamilton hamming hartley hawking heisenberg herschel hertz hilbert hodgkin hoare holberton hooke hopcroft hopper huffman ' +
  'hubble huygens hypatia iverson jackson jacobi jennings johnson joliot joule kahan kahn karp kay kelvin kemeny kepler ' +
  'khorana kilby kleene knuth kolmogorov lagrange lamarr lampson laplace leavitt lederman leibniz liskov lorentz lovelace ' +
  'maxwell mayer mccarthy mcclintock mclean meitner mendel merkle metcalfe milner minsky moore morse napier nash naur ' +
  'neumann newell newton noether noyce nygaard ohm pascal pasteur pauli payne perlis perlman planck poincare postel ptolemy ' +
  'rabin raman ramanujan reddy ride riemann ritchie rivest rosen rutherford sagan sammet scott shamir shannon shockley simon ' +
  'snyder sofaer spence stearns stonebraker sutherland tarjan tesla thacker thompson turing ulam valiant vaughan volta ' +
  'wakefield watson wegstein weyl wheeler wiener wilkes wilkinson wing wirth wozniak wu yalow yao yonath zuse'
).split(' ');
