//! The mesh's provider changes, in virtual time: at every instant every declared call between any two tasks that run finds its way, whatever
//! order services roll in, wherever the run is cut off.

mod model;
mod phases;
mod reach;
mod watch;
