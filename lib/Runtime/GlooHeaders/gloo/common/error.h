//===- common/error.h - Nothing of Gloo is used directly ----------*- C++ -*-===//
