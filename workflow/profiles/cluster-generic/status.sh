#!/usr/bin/env bash
# Prints what a job of SLURM is: running (or waiting), success or failed. For another queue, change the command and the words.
# A queue that does not answer says nothing about the job: it counts as running. One that no longer knows it says failed.
answer=$(scontrol show job "$1" 2>&1)
case $answer in
  *JobState=COMPLETED*) echo success ;;
  *JobState=PENDING* | *JobState=CONFIGURING* | *JobState=RUNNING* | *JobState=COMPLETING* | *JobState=SUSPENDED*) echo running ;;
  *JobState=* | *"Invalid job id"*) echo failed ;;
  *) echo running ;;
esac
