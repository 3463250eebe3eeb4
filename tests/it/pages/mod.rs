//! The pages in a real browser: the whole road, accessibility, reach, leaving, weight.

mod browser;
mod house;
mod leave;
mod road;
mod rules;
mod tour;
mod voices;
mod walk;
mod weight;
