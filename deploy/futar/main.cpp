#include "deploy/futar/program.h"

int main(int argc, char** argv) { return futar::deploy::run_program(argc, argv); }
